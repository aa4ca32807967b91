import re

import pytest

from imagectl.contact import SILENT_SECONDS, Contact
from imagectl.upload import progress
from imagectl.upload.progress import sentence

CUT = (0, b"")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def contact(clock):
    return Contact(clock)


def test_what_does_not_answer_is_named_within_five_seconds(contact, clock):
    assert SILENT_SECONDS + progress._LOOK_SECONDS < 5
    with contact.waiting("S3"):
        clock.now += SILENT_SECONDS - 0.1
        assert contact.silence() is None
        clock.now += 0.1
        silence = contact.silence()
        assert (silence.whom, silence.seconds, silence.again_in) == ("S3", SILENT_SECONDS, None)
    assert contact.silence() is None, "nothing is waited for any more"


def test_the_reason_and_the_next_try_are_those_of_the_soonest(contact, clock):
    with contact.waiting("S3"), contact.waiting("the service"):
        contact.failed("Connection refused", again_in=9)
        contact.failed("Connection refused", again_in=7)
        clock.now += 5
        said = sentence(contact.silence())
    assert re.fullmatch(
        r"no answer from S3 and the service since \d\d:\d\d:\d\d \S+ "
        r"\(Connection refused\); next try in 0:02",
        said,
    )


def test_bytes_that_move_are_a_sign_of_life_until_an_attempt_has_failed(contact, clock):
    with contact.waiting("S3"):
        clock.now += 10
        contact.moved()
        assert contact.silence() is None
        contact.failed("Broken pipe", again_in=1)
        clock.now += 10
        contact.moved()
        assert contact.silence().seconds == 10
        contact.heard()
        assert contact.silence() is None


def test_patience_is_counted_from_the_last_answer(contact, clock):
    contact.patience_seconds = 60
    contact.heard()
    clock.now += 59
    contact.failed("?", again_in=1)
    assert contact.patient
    clock.now += 1
    assert not contact.patient


def test_a_pause_without_calls_is_no_silence(contact, clock):
    contact.heard()
    clock.now += 3600
    with contact.waiting("the service"):
        assert contact.silence() is None


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_cut_is_shown_and_the_same_run_goes_on_by_itself(imagectl, photos, fake, monkeypatch, options):
    monkeypatch.setattr("imagectl.contact.SILENT_SECONDS", 0.05)
    monkeypatch.setattr(progress, "_LOOK_SECONDS", 0.01)
    fake.failures["POST /s3"] = [CUT] * 60
    ran = imagectl("upload", str(photos(2)), "--concurrency", "1", *options)
    assert ran.code == 0, ran.out
    assert "no answer from S3 since" in ran.err
    assert "there are answers again" in ran.err
    assert set(fake.posts.values()) == {1}


def test_progress_counts_only_what_was_acknowledged(imagectl, photos, fake, monkeypatch):
    monkeypatch.setattr(progress, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.01)
    fake.failures["POST /s3"] = [(503, b"")] * 6
    folder = photos(a_jpg=b"\xff\xd8\xff\xe0" + b"x" * 2_000_000)
    ran = imagectl("upload", str(folder))
    done = [line for line in ran.err.splitlines() if line.startswith("uploaded ")]
    assert done
    assert all("uploaded 0 of 1 files, 0 B of 2.0 MB" in each for each in done if "1 of 1" not in each)
    assert "sent 1 files, 2.0 MB" in ran.err
