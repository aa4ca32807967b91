"""Webhooks, delivered to a receiver on this machine.

The emulator calls an endpoint once and without TLS: retries and dead letters are AWS's
(docs/first-deployment.md), and the destinations, which are https:// URLs, are pointed at the receiver here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from local.outputs_file import documented
from local.system import deployed
from tests.e2e.actions import eventually, settled, upload
from tests.unit.event_schema import complaints

SECRET = "a-secret-of-the-receivers"
URLS = ["https://hooks.example.com/images", "https://other.example.net/?key=0123456789"]


@contextmanager
def receiver() -> Iterator[tuple[str, list]]:
    """The address of an endpoint, and the requests that it got."""
    received: list[tuple[str, dict[str, str], dict]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append((self.path, headers, json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def system():
    with deployed(config={"webhookUrls": URLS, "webhookSecret": SECRET}) as running:
        yield running


@pytest.fixture
def received(system):
    events = system.client("events")
    with receiver() as (address, requests):
        for number, destination in enumerate(events.list_api_destinations()["ApiDestinations"]):
            events.update_api_destination(Name=destination["Name"], InvocationEndpoint=f"{address}/{number}")
        yield requests


def test_every_endpoint_gets_every_event_with_the_secret_and_nobody_else_sees_it(
    system, received, photograph
):
    image_id = upload(system, "hooked.jpg", photograph)
    assert settled(system, image_id)["status"] == "READY"
    assert eventually(lambda: len(received) == 2)
    assert {path for path, _, _ in received} == {"/0", "/1"}
    for _, headers, event in received:
        assert headers["x-image-intake-secret"] == SECRET
        assert complaints(event) == []
        assert (event["detail-type"], event["detail"]["imageId"]) == ("Image Ready", image_id)
    received.clear()
    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    assert eventually(lambda: len(received) == 2)
    assert {event["detail-type"] for _, _, event in received} == {"Image Deleted"}
    for name in ("apiFunctionName", "resizeFunctionName", "publishFunctionName"):
        assert not [line for line in system.logs(system.outputs[name]) if SECRET in line]
    assert SECRET not in json.dumps(documented(system))


def test_what_is_deployed_retries_for_a_day_and_keeps_what_is_not_accepted(system):
    events, bus = system.client("events"), system.outputs["eventBusName"]
    [rule] = events.list_rules(EventBusName=bus)["Rules"]
    targets = events.list_targets_by_rule(EventBusName=bus, Rule=rule["Name"])["Targets"]
    assert len(targets) == len(URLS)
    [letters] = {target["DeadLetterConfig"]["Arn"] for target in targets}
    assert letters.rpartition(":")[2] == system.outputs["eventDeadLetterQueueUrl"].rpartition("/")[2]
    for target in targets:
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
