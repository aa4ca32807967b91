"""The surroundings of a worker that waits for malware scans: S3 as its role may use it, and the tags."""

import json
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from handlers.contract.malware_scan import CLEAN, TAG
from handlers.contract.s3_events import ObjectEvent, parse_message
from handlers.resize.admission import Admission
from handlers.resize.malware_gate import ScanGate
from handlers.resize.queues import Queues
from handlers.resize.worker import Worker
from handlers.storage.buckets import GatedBuckets
from tests.unit.resize_environment import ORIGINALS, QUEUE_URLS, VARIANTS, World, resize_settings

PATIENCE_SECONDS = 600
# When `world.s3_record` says that everything happened.
UPLOADED = 1767323045.678


class Guarded:
    """S3 as the role of a gated stack may use it: what was not found clean, or is not there, is 403."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **request: Any) -> Any:
        self._look(request)
        self.reads += 1
        return self._s3.get_object(**request)

    def head_object(self, **request: Any) -> Any:
        self._look(request)
        return self._s3.head_object(**request)

    def _look(self, request: dict[str, Any]) -> None:
        if request["Bucket"] == ORIGINALS and tags(self._s3, request["Key"]).get(TAG) != CLEAN:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Forbidden"}}, "GetObject")


def tags(s3: Any, key: str) -> dict[str, str]:
    """The tags of the object that stands at a key; none if there is none."""
    try:
        found = s3.get_object_tagging(Bucket=ORIGINALS, Key=key)["TagSet"]
    except ClientError:
        return {}
    return {tag["Key"]: tag["Value"] for tag in found}


class Gated:
    """A world whose worker waits for scans; `waited` is how long ago everything was uploaded."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.s3 = Guarded(world.s3)
        self.storage = GatedBuckets(self.s3, originals_bucket=ORIGINALS, variants_bucket=VARIANTS)
        self.waited = 0.0
        self.sent: list[dict[str, Any]] = []

    def worker(self, **parts: Any) -> Worker:
        storage = parts.pop("storage", self.storage)
        client: Any = SimpleNamespace(send_message=parts.pop("send", self._send))
        return Worker(
            resize_settings(malware_scan=True, malware_scan_minutes=PATIENCE_SECONDS // 60, **parts),
            storage=storage,
            catalog=self.world.catalog,
            render=self.world.render,
            admission=Admission(10_000),
            gate=ScanGate(
                storage,
                Queues(client, QUEUE_URLS),
                scan_seconds=PATIENCE_SECONDS,
                clock=lambda: UPLOADED + self.waited,
            ),
        )

    def tag(self, image_id: str, status: str, version_id: str | None = None) -> None:
        """What GuardDuty does once it has scanned an original."""
        version = {"VersionId": version_id} if version_id else {}
        tagging = {"TagSet": [{"Key": TAG, "Value": status}]}
        key = f"uploads/{image_id}"
        self.world.s3.put_object_tagging(Bucket=ORIGINALS, Key=key, Tagging=tagging, **version)

    def deliver(self, *records: dict[str, Any], attempt: int = 1, **parts: Any) -> list[str]:
        return self.world.deliver(*records, attempt=attempt, worker=self.worker(**parts))

    def deliver_what_was_sent(self) -> list[str]:
        """Deliver the message that was sent last, and forget it."""
        [record] = json.loads(self.sent.pop()["MessageBody"])["Records"]
        return self.deliver(record)

    def events_sent(self) -> list[ObjectEvent]:
        return [event for call in self.sent for event in parse_message(call["MessageBody"])]

    def _send(self, **call: Any) -> None:
        self.sent.append(call)
