import re
from datetime import datetime

import httpx
import pytest

from imagectl.api_client import Service
from imagectl.errors import QuotaReached
from imagectl.upload.allowance import is_long
from imagectl.upload.announcer import Announcer
from imagectl.upload.counters import Counters
from imagectl.upload_model import UploadRun
from tests.unit.imagectl.conftest import JPEG
from tests.unit.imagectl.fake_service import QUOTA

TOO_MANY = b'{"message": "Too Many Requests"}'
SAID = re.compile(r"quota reached: 12,345 images an hour; going on at \d\d:\d\d \w+\.")


def test_an_upload_beyond_the_quota_waits_for_the_next_hours_and_comes_to_its_end(imagectl, photos, fake):
    fake.room, fake.rooms = 5, [5, 5]
    ran = imagectl("upload", str(photos(12)), "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["counts"] == {"READY": 12}
    assert set(fake.posts.values()) == {1}
    assert len(fake.images) == 12
    assert len(SAID.findall(ran.err)) == 2


def test_an_upload_beyond_the_bytes_of_an_hour_waits_in_words(imagectl, photos, fake, monkeypatch):
    monkeypatch.setitem(QUOTA, "unit", "bytes")
    monkeypatch.setitem(QUOTA, "limit", 1_500_000_000_000)
    fake.room, fake.rooms = 1, [1]
    ran = imagectl("upload", str(photos(2)))
    assert ran.code == 0, ran.err
    assert re.search(r"quota reached: 1\.5 TB an hour; going on at \d\d:\d\d \w+\.", ran.err)


def test_a_long_upload_shows_what_is_left_of_the_quota_and_for_how_long(imagectl, photos, fake):
    fake.quota["images"]["used"] = 98_000
    ran = imagectl("upload", str(photos(11)))
    assert (
        "quota: 2,000 of 100,000 images and 2.0 TB of 2.0 TB are left until "
        f"{datetime.fromisoformat(QUOTA['resetsAt']).astimezone():%H:%M %Z}\n"
    ) in ran.err
    assert fake.calls["GET /quota"] == 1


def test_a_long_upload_shows_what_is_beyond_the_quota_before_it_begins(imagectl, photos, fake):
    fake.quota["images"]["used"] = 99_992
    fake.quota["bytes"]["used"] = 2_000_000_000_000 - 40
    seen = []
    fake.before_storing = lambda _: seen.append(fake.calls["GET /quota"])
    ran = imagectl("upload", str(photos(11)))
    assert "; 3 images and 27 B beyond it will wait\n" in ran.err
    assert set(seen) == {1}


def test_files_that_were_announced_before_are_not_beyond_the_quota(imagectl, photos, fake):
    imagectl("upload", str(photos(11)))
    fake.quota["images"]["used"] = 100_000
    for name in ("new.jpg", "newer.jpg"):
        (photos() / name).write_bytes(JPEG + name.encode())
    assert "quota" not in imagectl("upload", str(photos())).err
    assert "; 13 images beyond it will wait\n" in imagectl("upload", str(photos()), "--again").err


def test_an_upload_of_a_handful_of_files_does_not_ask_for_the_quota(imagectl, photos, fake):
    assert "quota" not in imagectl("upload", str(photos(10))).err
    assert not fake.calls["GET /quota"]


def test_a_few_large_files_are_a_long_upload():
    assert is_long(2, 5_000_000_000)
    assert not is_long(2, 5_000_000)


@pytest.mark.parametrize("failure", [(404, b'{"message": "Not Found"}'), (500, b""), (0, b"")])
def test_a_quota_that_is_not_told_stops_nothing(imagectl, photos, fake, failure):
    fake.failures["GET /quota"] = [failure]
    ran = imagectl("upload", str(photos(11)))
    assert ran.code == 0, ran.err
    assert "quota" not in ran.err


def test_the_service_is_asked_again_only_when_it_said_so(imagectl, photos, fake):
    fake.room, fake.rooms = 5, [5, 5]
    imagectl("upload", str(photos(12)))
    assert fake.calls["POST /uploads"] == 5, "5 of 12, none, 5 of 7, none, the last 2"


def test_files_that_cannot_be_taken_at_all_do_not_wait(imagectl, photos, fake):
    fake.room, fake.rooms = 1, [5]
    folder = photos(2, c_gif=b"GIF89a is not what this service takes")
    ran = imagectl("upload", str(folder), "--json")
    assert ran.summary["counts"] == {"READY": 2, "NOT_UPLOADED": 1}
    assert "not accepted" in ran.files["c.gif"]["reason"]


def test_what_was_announced_before_is_uploaded_although_nothing_more_may_be_announced(imagectl, photos, fake):
    folder = photos(2)
    fake.failures["POST /s3"] = [(400, b"<Error><Code>InvalidRequest</Code></Error>")] * 2
    imagectl("upload", str(folder))
    fake.room = 0
    ran = imagectl("upload", str(folder), "--json")
    assert ran.code == 0, ran.err
    assert "quota" not in ran.err


def test_the_throttle_of_the_gateway_is_no_quota(imagectl, photos, fake):
    fake.failures["POST /uploads"] = [(429, TOO_MANY)] * 2
    ran = imagectl("upload", str(photos(1)))
    assert ran.code == 0
    assert "quota" not in ran.err


class Refusing:
    """A service whose hour is never over, and a run that stops while it waits."""

    def __init__(self):
        self.asked = 0
        self.waited = 0
        self.stopping = self

    def announce(self, *_):
        self.asked += 1
        assert self.asked <= 2, "it waits, and it stops"
        raise QuotaReached(QUOTA, 3600)

    def is_set(self):
        return self.waited > 1

    def wait(self, seconds):
        assert seconds <= 60, "a clock that jumped is looked at within a minute"
        self.waited += 1
        return self.is_set()


def test_a_run_that_stops_does_not_wait_for_its_quota():
    service, counters = Refusing(), Counters()
    run = UploadRun(number=1, api="", batch_id="b", resumed=False)
    with pytest.raises(QuotaReached, match="used up"):
        Announcer(service, run, counters).announce([{}])
    assert (service.asked, service.waited) == (2, 2)


@pytest.mark.parametrize(
    ("said", "seconds"), [("17", 17), ("0", 0), ("", 60), ("soon", 60), ("-5", 60), ("9" * 5000, 3600)]
)
def test_a_service_that_does_not_say_when_is_asked_again_in_a_minute(said, seconds):
    headers = {"Content-Type": "application/problem+json", "Retry-After": said}
    answer = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers, json=QUOTA))
    with httpx.Client(transport=answer) as http, pytest.raises(QuotaReached) as reached:
        Service(http, "http://service.example").announce("b", [{}])
    assert reached.value.seconds == seconds
