import json
import re
import time

import boto3
import pytest
from rich.console import Console

from imagectl.commands import watch
from imagectl.operations.live_metrics import Figures, LaneFigures, Observer

NOW = time.time() // 60 * 60 - 30  # a log takes no lines of another year
MINUTES = [NOW - NOW % 60 - 60, NOW - NOW % 60 - 120]


class CloudWatch:
    """Metrics by the ids that they are asked with: the newest value first."""

    def __init__(self, **values):
        self.values, self.asked = values, None

    def get_metric_data(self, **request):
        self.asked = request
        return {
            "MetricDataResults": [
                {
                    "Id": query["Id"],
                    "Values": self.values.get(query["Id"], []),
                    "Timestamps": MINUTES[: len(self.values.get(query["Id"], []))],
                }
                for query in request["MetricDataQueries"]
            ]
        }


@pytest.fixture
def observed(stack, clients, monkeypatch):
    """Figures of the stack, with these metrics and these log lines."""

    def look(metrics=None, lines=()):

        logs = boto3.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/resize")
        logs.create_log_stream(logGroupName="/aws/lambda/resize", logStreamName="s")
        if lines:
            logs.put_log_events(
                logGroupName="/aws/lambda/resize",
                logStreamName="s",
                logEvents=[{"timestamp": int(at * 1000), "message": line} for at, line in lines],
            )
        cloudwatch = CloudWatch(**metrics or {})
        known = {"logs": logs, "cloudwatch": cloudwatch}
        monkeypatch.setattr(type(stack), "client", lambda _, name: known[name])
        return Observer(stack, clock=lambda: NOW).look(), cloudwatch

    return look


def record(outcome):
    return json.dumps({"message": "record", "outcome": outcome, "milliseconds": 5})


def test_depths_are_those_of_all_queues(observed, stack):
    for url, count in ((stack.queue_url, 3), (stack.express_queue_url, 4), (stack.dead_letter_url, 2)):
        for _ in range(count):
            stack.sqs.send_message(QueueUrl=url, MessageBody="m")
    stack.sqs.receive_message(QueueUrl=stack.queue_url)
    stack.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="m", DelaySeconds=60)
    figures, _ = observed()
    bulk, express = figures.lanes["bulk"], figures.lanes["express"]
    assert (bulk.waiting, bulk.in_flight, bulk.delayed) == (2, 1, 1)
    assert (express.waiting, express.in_flight, express.delayed) == (4, 0, 0)
    assert figures.dead == 2


def test_age_and_rates_come_from_cloudwatch_where_it_keeps_them(observed):
    figures, cloudwatch = observed(
        {"bulk": [42.0, 7.0], "express": [3.0], "done": [120.0, 60.0], "rejected": [6.0, 0.0]}
    )
    bulk, express = figures.lanes["bulk"], figures.lanes["express"]
    assert (bulk.oldest_seconds, bulk.estimated, figures.source) == (42.0, False, "metrics")
    assert (express.oldest_seconds, express.estimated) == (3.0, False)
    assert figures.a_second == {"done": 2.0, "rejected": 0.1, "resent": 0.0, "retry": 0.0, "deferred": 0.0}
    assert cloudwatch.asked["EndTime"] == NOW - NOW % 60, "a minute that is not over says too little"
    dimensions = {
        query["Id"]: query["MetricStat"]["Metric"]["Dimensions"]
        for query in cloudwatch.asked["MetricDataQueries"]
    }
    assert dimensions["bulk"] == [{"Name": "QueueName", "Value": "uploads"}]
    assert dimensions["express"] == [{"Name": "QueueName", "Value": "express"}]


def test_a_metric_without_a_value_in_the_newest_minute_is_zero_then(observed):
    figures, _ = observed({"done": [120.0], "retry": []})
    assert figures.a_second["retry"] == 0


def test_without_metrics_outcomes_are_counted_in_the_log_and_the_age_is_estimated(observed, stack):
    for _ in range(10):
        stack.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="m")
    lines = [
        (NOW - 90, record("done")),
        *((NOW - 30, record("done")) for _ in range(18)),
        *((NOW - 20, record("rejected")) for _ in range(12)),
        (NOW - 10, '{"note": "no \\"outcome\\" of ours"}'),
        (NOW - 5, 'half a line with "outcome"'),
    ]
    figures, _ = observed(lines=lines)
    assert figures.source == "logs"
    assert figures.a_second["done"] == pytest.approx(0.3)
    assert figures.a_second["rejected"] == pytest.approx(0.2)
    assert (figures.lanes["bulk"].oldest_seconds, figures.lanes["bulk"].estimated) == (20.0, True)
    assert figures.lanes["express"].oldest_seconds == 0


def test_nobody_knows_the_age_when_nothing_moves(observed, stack):
    stack.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="m")
    figures, _ = observed()
    assert figures.lanes["bulk"].oldest_seconds is None


def test_an_empty_queue_has_no_age(observed):
    figures, _ = observed()
    assert {lane.oldest_seconds for lane in figures.lanes.values()} == {0}


def figures(waiting):
    rates = {"done": 1.25, "rejected": 0.0, "resent": 0.0, "retry": 0.0, "deferred": 0.0}
    bulk = LaneFigures(waiting=waiting, in_flight=2, delayed=1, oldest_seconds=65.0, estimated=True)
    express = LaneFigures(waiting=0, in_flight=1, delayed=0, oldest_seconds=0.0, estimated=True)
    lanes = {"express": express, "bulk": bulk}
    return Figures(lanes=lanes, dead=3, a_second=rates, seconds=60.0, source="logs")


@pytest.fixture
def looks(monkeypatch, stack):
    """Each look finds one image less; the third is interrupted."""
    found = iter([figures(waiting=3), figures(waiting=2)])

    class Looking:
        def __init__(self, stack):
            pass

        def look(self):
            try:
                return next(found)
            except StopIteration:
                raise KeyboardInterrupt from None

    monkeypatch.setattr(watch, "Observer", Looking)


def test_where_there_is_no_terminal_it_prints_a_line_for_each_look(imagectl, looks):
    ran = imagectl("watch", "--interval", "0.2")
    assert ran.code == 0
    assert [line.split("; ")[1].split(",")[0] for line in ran.out.splitlines()] == [
        "bulk: 3 waiting",
        "bulk: 2 waiting",
    ]
    assert "oldest about 1:05" in ran.out


def test_once_as_json_is_one_object(imagectl, looks):
    [look] = imagectl("watch", "--once", "--json").lines
    assert (look["lanes"]["bulk"]["waiting"], look["a_second"]["done"], look["dead"]) == (3, 1.25, 3)


def test_on_a_terminal_it_draws_a_table(imagectl, looks, monkeypatch, capsys):
    monkeypatch.setattr(watch, "results", Console(force_terminal=True, markup=False, width=80))
    ran = imagectl("watch", "--interval", "0.2")
    assert ran.code == 0
    assert "dead letters" in ran.out
    assert re.search(r"express +bulk", ran.out)
    assert "estimated from depth and speed" in ran.out


def test_it_waits_between_looks(imagectl, looks, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    imagectl("watch", "--interval", "7")
    assert slept == [7, 7]
