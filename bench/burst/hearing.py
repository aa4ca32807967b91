"""A subscriber to the events: a rule on the bus, and a queue."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from handlers.contract.event_source import SOURCE
from handlers.contract.rows import Row
from handlers.publish.completion_events import event_of, is_event
from local.system import System

_NAME = "hearing"


class Hearing:
    """Listens from now on; `heard` counts the events by their `id`."""

    def __init__(self, system: System) -> None:
        self.heard: Counter[str] = Counter()
        self._originals = system.outputs["originalsBucket"]
        self._sqs = system.client("sqs")
        self._url = self._sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        asked: Any = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        bus, bridge = system.outputs["eventBusName"], system.client("events")
        bridge.put_rule(Name=_NAME, EventBusName=bus, EventPattern=json.dumps({"source": [SOURCE]}))
        target = {"Id": _NAME, "Arn": asked["Attributes"]["QueueArn"]}
        bridge.put_targets(Rule=_NAME, EventBusName=bus, Targets=[target])

    def unannounced(self, rows: Iterable[Row], patience_seconds: float) -> tuple[str, ...]:
        """The images whose final outcome or deletion nobody was told, in time enough, as sentences."""
        missing = {
            event_of(row, self._originals).id: f"nobody was told that {row['ImageID']} is {row['Status']}"
            for row in rows
            if is_event(row)
        }
        deadline = time.monotonic() + patience_seconds
        while missing:
            self._listen()
            missing = {id_: sentence for id_, sentence in missing.items() if id_ not in self.heard}
            if time.monotonic() >= deadline:
                break
            time.sleep(0.2 if missing else 0)
        return tuple(sorted(missing.values()))

    def _listen(self) -> None:
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self.heard[json.loads(message["Body"])["detail"]["id"]] += 1
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
