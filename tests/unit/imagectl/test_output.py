import pytest

from imagectl.output import duration, fields, shown, size
from imagectl.upload.counters import Counters
from imagectl.upload.progress import line


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_340_000, "2.3 MB"), (7e12, "7.0 TB")]
)
def test_sizes_are_in_decimal_units(count, text):
    assert size(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_durations_read_like_a_clock(seconds, text):
    assert duration(seconds) == text


def test_text_cannot_move_the_cursor():
    assert shown("a\x1b[2Jb\r\n\u202ec\udcff") == "a\ufffd[2Jb\ufffd\ufffd\ufffdc\ufffd"


def test_fields_stand_in_two_columns():
    assert fields({"id": 1, "status": "READY"}) == ["id      1", "status  READY"]


def test_a_line_tells_files_bytes_rate_time_left_and_what_is_rendered():
    counters = Counters(found=10, found_bytes=1000, counted=True, sending_seconds=2)
    counters.add(sent=3, before=1, same=1, sent_bytes=300, done_bytes=500)
    counters.settled = {"READY": 2, "REJECTED": 1, "FAILED": 0}
    expected = "uploaded 5 of 10 files, 500 B of 1.0 kB, 150 B/s, 0:03 left; 2 READY, 1 REJECTED"
    assert line(counters) == expected


def test_time_left_is_not_told_while_the_files_are_still_counted():
    counters = Counters(found=10, found_bytes=1000, sending_seconds=2)
    counters.add(sent_bytes=300)
    assert counters.seconds_left is None
    assert "of 10+ files" in line(counters)
