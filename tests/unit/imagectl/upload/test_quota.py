import re

import httpx
import pytest

from imagectl.api_client import Service
from imagectl.errors import QuotaReached
from imagectl.upload.announcer import Announcer
from imagectl.upload.counters import Counters
from imagectl.upload_model import UploadRun
from tests.unit.imagectl.fake_service import QUOTA

TOO_MANY = b'{"message": "Too Many Requests"}'
SAID = re.compile(r"quota reached: 12,345 images an hour; going on at \d\d:\d\d\.")


def test_an_upload_beyond_the_quota_waits_for_the_next_hours_and_comes_to_its_end(imagectl, photos, fake):
    fake.room, fake.rooms = 5, [5, 5]
    ran = imagectl("upload", str(photos(12)), "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["counts"] == {"READY": 12}
    assert set(fake.posts.values()) == {1}
    assert len(fake.images) == 12
    assert len(SAID.findall(ran.err)) == 2


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
