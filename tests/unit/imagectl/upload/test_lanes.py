import os

import pytest

from imagectl.upload.allowance import usual_lane
from imagectl.upload.file_walk import Found, Unusable


@pytest.mark.parametrize(("count", "lane"), [(1, "express"), (10, "express"), (11, "bulk"), (230, "bulk")])
def test_more_than_a_handful_of_files_ask_for_the_bulk_lane(imagectl, photos, fake, count, lane):
    imagectl("upload", str(photos(count)))
    assert fake.asked_lanes == [lane] * count


@pytest.mark.parametrize(("count", "lane"), [(2, "bulk"), (11, "express")])
def test_an_option_overrides_the_number_of_files(imagectl, photos, fake, count, lane):
    imagectl("upload", str(photos(count)), "--lane", lane)
    assert fake.asked_lanes == [lane] * count


def test_a_lane_that_there_is_not_is_a_wrong_command_line(imagectl, photos, fake):
    assert imagectl("upload", str(photos(1)), "--lane", "fast").code == 2
    assert fake.asked_lanes == []


def test_files_that_are_not_wanted_do_not_count(imagectl, photos, fake):
    imagectl("upload", str(photos(20)), "--include", "000*.jpg")
    assert fake.asked_lanes == ["express"] * 10


def test_no_more_files_are_looked_at_than_it_takes_to_know():
    def files():
        yield Unusable(path="gone", reason="x")
        for number in range(11):
            yield Found(path=os.devnull, name=f"{number}", size=1, mtime_ns=1)
        raise AssertionError("it knows")

    assert usual_lane(files()) == "bulk"
