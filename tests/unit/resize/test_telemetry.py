import json
from types import SimpleNamespace

import pytest

from handlers.contract.s3_events import parse_message
from handlers.resize.message_batch import Line
from handlers.resize.telemetry import Telemetry
from tests.unit.resize_environment import s3_record

CONTEXT = SimpleNamespace(aws_request_id="r1")


pytestmark = pytest.mark.usefixtures("service")


def event(key="uploads/a", **described):
    [parsed] = parse_message(json.dumps({"Records": [s3_record(key, **described)]}))
    return parsed


def reported(capsys, *lines, **options):
    """What an invocation that reports these lines writes: its log lines, and its metrics."""
    reporter = Telemetry(**options)
    with reporter.invocation(CONTEXT):
        for line in lines:
            reporter.report(line)
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [w for w in written if "_aws" not in w], [w for w in written if "_aws" in w]


def test_a_record_that_ended_is_one_line_with_all_that_matters(capsys):
    line = Line(outcome="done", note="Ready", attempt=2, event=event(), milliseconds=35, size=1000)
    [logged], _ = reported(capsys, line)
    expected = {
        "level": "INFO",
        "message": "record",
        "request_id": "r1",
        "image_id": "a",
        "event": "created",
        "outcome": "done",
        "reason": "Ready",
        "milliseconds": 35,
        "bytes": 1000,
        "attempt": 2,
    }
    assert logged.items() >= expected.items()
    assert "error" not in logged


def test_a_bug_of_the_renderer_is_a_warning_and_counted_separately(capsys):
    line = Line(
        outcome="rejected", note="RenderFailed", attempt=1, event=event(), detail="KeyError at png.py:9"
    )
    [logged], [metrics] = reported(capsys, line)
    assert (logged["level"], logged["detail"]) == ("WARNING", "KeyError at png.py:9")
    assert (metrics["RenderFailed"], metrics["Rejected"]) == ([1], [1])


def test_another_rejection_is_not_counted_as_a_bug(capsys):
    line = Line(outcome="rejected", note="NotAnImage", attempt=1, event=event(), detail="no header")
    [logged], [metrics] = reported(capsys, line)
    assert (logged["level"], logged["detail"]) == ("INFO", "no header")
    assert "RenderFailed" not in metrics


def test_a_record_that_waits_is_counted_as_resent_and_not_as_settled(capsys):
    line = Line(outcome="resent", note="AwaitingScan", attempt=1, event=event())
    [logged], [metrics] = reported(capsys, line)
    assert (logged["level"], logged["outcome"], logged["reason"]) == ("INFO", "resent", "AwaitingScan")
    assert metrics["Resent"] == [1]
    assert not {"Done", "Rejected", "SettleTime", "RecordTime"} & metrics.keys()


@pytest.mark.parametrize("outcome", ["retry", "deferred"])
def test_a_failure_is_a_warning_with_its_error(capsys, outcome):
    error = TimeoutError("no answer")
    [logged], _ = reported(
        capsys, Line(outcome=outcome, note="TimeoutError", attempt=1, event=event(), error=error)
    )
    assert (logged["level"], logged["error"]) == ("WARNING", "TimeoutError: no answer")


def test_a_message_that_is_no_event_is_reported_without_an_image(capsys):
    line = Line(outcome="retry", note="MalformedMessage", attempt=1, error=ValueError("?"))
    [logged], _ = reported(capsys, line)
    assert logged["message"] == "message"
    assert "image_id" not in logged


def test_a_key_that_is_no_original_is_reported_without_an_image(capsys):
    line = Line(outcome="done", note="NotAnOriginal", attempt=1, event=event("elsewhere/a"))
    [logged], _ = reported(capsys, line)
    assert "image_id" not in logged


def test_outcomes_are_counted_in_one_flush_a_call(capsys):
    outcomes = ["done", "done", "rejected", "retry", "deferred"]
    lines = [
        Line(outcome=outcome, note="", attempt=1, event=event(), milliseconds=5, size=7)
        for outcome in outcomes
    ]
    _, [metrics] = reported(capsys, *lines)
    assert metrics["Done"] == [1, 1]
    assert [metrics[name] for name in ("Retried", "Deferred")] == [[1], [1]]
    assert metrics["RecordTime"] == [5, 5, 5]
    assert metrics["OriginalSize"] == [7, 7, 7]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ImageIntake"


def test_the_average_of_rejections_is_their_share_of_what_settled(capsys):
    outcomes = ["done", "rejected", "done", "retry", "deferred", "done"]
    lines = [Line(outcome=outcome, note="", attempt=1, event=event()) for outcome in outcomes]
    _, [metrics] = reported(capsys, *lines)
    assert metrics["Rejected"] == [0, 1, 0, 0]


def test_the_time_from_upload_to_settled_is_measured_for_uploads_that_settled(capsys):
    uploaded, removed = event(), event(event="ObjectRemoved:Delete")
    now = uploaded.moment.timestamp() + 12.5
    lines = [
        Line(outcome="done", note="Ready", attempt=1, event=uploaded),
        Line(outcome="retry", note="", attempt=1, event=uploaded),
        Line(outcome="done", note="Removed", attempt=1, event=removed),
    ]
    _, [metrics] = reported(capsys, *lines, clock=lambda: now)
    assert metrics["SettleTime"] == [12_500]


def test_a_clock_that_is_behind_that_of_s3_measures_no_time(capsys):
    line = Line(outcome="done", note="Ready", attempt=1, event=event())
    _, [metrics] = reported(capsys, line, clock=lambda: 0)
    assert metrics["SettleTime"] == [0]


def test_a_call_that_reports_nothing_writes_nothing(capsys):
    assert reported(capsys) == ([], [])


def test_metrics_are_flushed_though_the_call_fails(capsys):
    reporter = Telemetry()

    def fail():
        with reporter.invocation(CONTEXT):
            reporter.report(Line(outcome="done", note="Ready", attempt=1, event=event()))
            raise SystemExit

    with pytest.raises(SystemExit):
        fail()
    assert '"Done"' in capsys.readouterr().out


def test_metrics_of_one_call_are_not_counted_in_the_next(capsys):
    line = Line(outcome="done", note="Ready", attempt=1, event=event())
    reported(capsys, line)
    _, [metrics] = reported(capsys, line)
    assert metrics["Done"] == [1]
