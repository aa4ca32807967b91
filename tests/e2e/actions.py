"""What every test of this tier does: upload, wait, look into the stores."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from local.system import System


def eventually(what: Callable[[], Any], *, seconds: float = 30) -> Any:
    """Ask until the answer is true; the last answer if it never is within the time."""
    deadline = time.monotonic() + seconds
    while not (answer := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def announce(
    system: System, name: str, size: int, content_type: str = "image/jpeg"
) -> tuple[str, dict[str, Any]]:
    """Ask for a policy; returns the ImageID and the policy."""
    body = {"files": [{"name": name, "contentType": content_type, "bytes": size}]}
    answer = system.api.call("POST", "/uploads", json=body)
    assert answer.status_code == 200, answer.text
    [file] = answer.json()["files"]
    return file["imageId"], file["upload"]


def post(
    system: System, policy: dict[str, Any], data: bytes, changes: dict[str, str] | None = None
) -> httpx.Response:
    """Upload with a policy; `changes` are form fields to tamper with."""
    fields = policy["fields"] | (changes or {})
    return system.api.http.post(policy["url"], data=fields, files={"file": ("x", data)}, timeout=30)


def upload(system: System, name: str, data: bytes, content_type: str = "image/jpeg") -> str:
    """Announce and upload; returns the ImageID."""
    image_id, policy = announce(system, name, len(data), content_type)
    answer = post(system, policy, data)
    assert answer.status_code in {200, 201, 204}, answer.text
    return image_id


def image(system: System, image_id: str) -> dict[str, Any]:
    """The image document, as the API answers it to the operator, who sees the images of all."""
    answer = system.api.call("GET", f"/images/{quote(image_id)}", caller=system.operator)
    assert answer.status_code == 200, answer.text
    return answer.json()


def settled(system: System, image_id: str) -> dict[str, Any]:
    """The image document once the image is no longer PENDING."""

    def look() -> dict[str, Any] | None:
        answer = system.api.call("GET", f"/images/{quote(image_id)}", caller=system.operator)
        document = answer.json() if answer.status_code == 200 else {"status": "PENDING"}
        return document if document["status"] != "PENDING" else None

    document = eventually(look)
    assert document, f"{image_id} is still PENDING"
    return document


def row(system: System, image_id: str) -> dict[str, Any] | None:
    """The row as it stands in the table, in DynamoDB's JSON."""
    found = system.client("dynamodb").get_item(
        TableName=system.outputs["tableName"], Key={"ImageID": {"S": image_id}}, ConsistentRead=True
    )
    return found.get("Item")


def quota_table(system: System) -> str:
    """The table in which announcements are counted."""
    [name] = [
        each.outputs["name"]
        for each in system.deployment.resources
        if each.name == "intake-quotas" and each.type == "aws:dynamodb/table:Table"
    ]
    return str(name)


def variant_keys(system: System, image_id: str) -> set[str]:
    """The keys that stand in the variants bucket for an image."""
    listing = system.client("s3").list_objects_v2(
        Bucket=system.outputs["variantsBucket"], Prefix=f"resized/{image_id}/"
    )
    return {found["Key"] for found in listing.get("Contents", [])}


def depth(system: System, queue_url: str) -> int:
    """Messages of a queue, visible, in flight and delayed."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    attributes = system.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(attributes["Attributes"][name]) for name in names)


def dead_letters(system: System, about: str) -> list[str]:
    """Bodies of dead letters that mention something; they stay in the queue."""
    bodies: dict[str, str] = {}
    known = -1
    while len(bodies) > known:
        known = len(bodies)
        received = system.client("sqs").receive_message(
            QueueUrl=system.outputs["deadLetterQueueUrl"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        bodies |= {message["MessageId"]: message["Body"] for message in received.get("Messages", [])}
    return [body for body in bodies.values() if about in body]


def created(system: System, key: str, sequencer: str, **described: Any) -> dict[str, Any]:
    """One record of an S3 event about an original, as S3 would have written it."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": system.region,
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": system.outputs["originalsBucket"]},
            "object": {"key": key, "size": 1, "sequencer": sequencer, **described},
        },
    }


def send(system: System, *records: dict[str, Any], body: str | None = None) -> None:
    """Put one message with these records (or this body) straight on the queue."""
    system.client("sqs").send_message(
        QueueUrl=system.outputs["queueUrl"],
        MessageBody=json.dumps({"Records": records}) if body is None else body,
    )


def outcomes(system: System, about: str, *, expected: int = 0) -> list[dict[str, Any]]:
    """The resize function's log lines about an image, oldest first.

    A row is there before the log of the call that wrote it: so many lines are waited for.
    """
    eventually(lambda: len(_logged(system, about)) >= expected)
    return _logged(system, about)


def _logged(system: System, about: str) -> list[dict[str, Any]]:
    lines = []
    for line in system.logs(system.outputs["resizeFunctionName"]):
        start = line.find("{")
        if start < 0 or about not in line:
            continue
        try:
            fields = json.loads(line[start:])
        except ValueError:
            continue
        if fields.get("image_id") == about:
            lines.append(fields)
    return lines
