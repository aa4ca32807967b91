import json

import pytest

from handlers.api.metrics import Announcements

pytestmark = pytest.mark.usefixtures("service")


def test_announced_images_are_one_metric_of_the_service(capsys):
    Announcements().count(3)
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["Announced"] == [3]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


def test_each_call_counts_its_own(capsys):
    announcements = Announcements()
    announcements.count(3)
    announcements.count(4)
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [metrics["Announced"] for metrics in written] == [[3], [4]]


def test_images_beyond_a_quota_are_a_metric_of_their_own(capsys):
    Announcements().refuse(2)
    assert json.loads(capsys.readouterr().out)["QuotaRefused"] == [2]


def test_nothing_announced_is_nothing_written(capsys):
    Announcements().count(0)
    assert capsys.readouterr().out == ""
