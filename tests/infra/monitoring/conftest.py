import json
import os
import subprocess
import sys

import pytest

from local.mock_cloud import FakeCloud
from local.program import run_program
from tests.infra.registered import ROOT, Registered

_PROGRAMS = {
    "resize": """
from types import SimpleNamespace
from handlers.contract.s3_events import parse_message
from handlers.resize.outcomes import Line
from handlers.resize.telemetry import Telemetry
import json

record = {
    "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-02T03:04:05.678Z",
    "s3": {
        "bucket": {"name": "b"},
        "object": {"key": "uploads/a", "size": 1, "eTag": "e", "sequencer": "0A"},
    },
}
[event] = parse_message(json.dumps({"Records": [record]}))
reporter = Telemetry()
with reporter.invocation(SimpleNamespace(aws_request_id="r1")):
    for outcome in ("done", "rejected"):
        reporter.report(Line(outcome=outcome, note="x", attempt=1, event=event, milliseconds=1, size=1))
    reporter.report(
        Line(outcome="rejected", note="RenderFailed", attempt=1, event=event, detail="KeyError at png.py:9")
    )
    for outcome in ("retry", "deferred"):
        reporter.report(Line(outcome=outcome, note="x", attempt=1, event=event, error=OSError("no")))
""",
    "api": """
from types import SimpleNamespace
from handlers.api.metrics import Announcements
from handlers.api.entry_point import handler

announcements = Announcements()
announcements.count(3)
announcements.refuse(2)
caller = {"iam": {"userArn": "arn:aws:iam::123456789012:user/alice"}}
event = {
    "routeKey": "GET /images/{imageId+}",
    "requestContext": {"authorizer": caller},
    "pathParameters": {"imageId": "a"},
}
handler(event, SimpleNamespace(aws_request_id="r1"))
""",
    # The bus is out of reach, and so is the queue for a record that cannot be read.
    "publish": """
from contextlib import suppress
from types import SimpleNamespace
from handlers.publish.entry_point import compose, handler

compose()[2].add_metric(name="Published", unit="Count", value=0)
row = {
    "ImageID": "a", "Status": "REJECTED", "Reason": "Truncated", "Sequencer": "0A", "PresetHash": "p",
    "OriginalKey": "uploads/a", "ETag": "e", "CreatedAt": "2026-01-02T03:04:05.678Z",
    "UploadedAt": "2026-01-02T03:04:05.678Z", "ProcessedAt": "2026-01-02T03:04:05.678Z",
}
image = {name: {"S": text} for name, text in row.items()} | {"Bytes": {"N": "1"}, "Attempts": {"N": "1"}}
for image in (image, {}):
    record = {"eventID": "e", "dynamodb": {"SequenceNumber": "1", "NewImage": image}}
    with suppress(Exception):
        handler({"Records": [record]}, SimpleNamespace(aws_request_id="r1"))
""",
    # So is the table.
    "delivery": """
from contextlib import suppress
from types import SimpleNamespace
from handlers.delivery.entry_point import handler

with suppress(Exception):
    handler({"rawPath": "/i/a/small"}, SimpleNamespace(aws_request_id="r1"))
""",
}


@pytest.fixture(scope="session")
def delivering():
    """Production with permanent URLs, which has every function."""
    return Registered(run_program(ROOT, "prod", FakeCloud(), {"image-intake:delivery": "true"}))


@pytest.fixture(scope="session")
def written(delivering):
    """What the functions write, one object a line: function → lines.

    The handlers' own code runs with the environment that the stack gives the functions; without
    a network, so that the API function's request fails.
    """
    return {name: _run(program, _environment(delivering, name)) for name, program in _PROGRAMS.items()}


def _environment(stack, function):
    return stack.one("/function:Function", f"intake-{function}").inputs["environment"]["variables"]


def _run(program, variables):
    environment = {
        **variables,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
