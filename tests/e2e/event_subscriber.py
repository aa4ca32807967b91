"""A subscriber to the stack's bus: a rule, and a queue that it sends to."""

import json
import time
from typing import Any

from local.system import System
from tests.e2e.actions import eventually

EVERYTHING = {"source": ["image-intake"]}


class Subscriber:
    """Hears what matches a pattern; `events` are all heard so far, in the order of their arrival."""

    def __init__(self, system: System, pattern: dict[str, Any] | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        name, bus = f"subscriber-{time.monotonic_ns()}", system.outputs["eventBusName"]
        self._sqs, bridge = system.client("sqs"), system.client("events")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
        bridge.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern or EVERYTHING))
        bridge.put_targets(Rule=name, EventBusName=bus, Targets=[target])

    def about(self, image_id: str) -> list[dict[str, Any]]:
        """The events about an image that have come."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self.events.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self.events if event["detail"]["imageId"] == image_id]

    def told(self, image_id: str, *, seconds: float = 30) -> list[dict[str, Any]]:
        """The events about an image, once there is one."""
        return eventually(lambda: self.about(image_id), seconds=seconds)
