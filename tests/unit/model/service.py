"""The whole service over models of S3, SQS and DynamoDB, its workers interleaved at every call."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

from botocore.exceptions import ClientError

from handlers.api.principals import Principal
from handlers.api.problems import Problem
from handlers.api.requests import Request
from handlers.api.routes import Routes
from handlers.contract import keys, routes
from handlers.contract.original_metadata import encode
from handlers.contract.presets import Limits, Preset, parse_presets, preset_hash
from handlers.contract.rejections import NotAnImage, RenderTimedOut
from handlers.contract.rows import DELETED, Row
from handlers.publish.completion_events import ImageEvent, event_of_change
from handlers.rendering.result import Rendered, RenderedVariant
from handlers.resize.admission import Admission
from handlers.resize.malware_gate import ScanGate, open_gate
from handlers.resize.message_batch import handle_batch, read_messages
from handlers.resize.queues import Queues
from handlers.resize.worker import Worker
from handlers.storage.buckets import Buckets, GatedBuckets
from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_items import to_item, to_row
from tests.unit.model.dynamodb import TableModel
from tests.unit.model.s3 import BucketsModel
from tests.unit.model.schedule import Fate, Gate, Task
from tests.unit.model.sqs import MAX_RECEIVE_COUNT, URLS, Queued, QueueModel
from tests.unit.resize_environment import (
    FACTS,
    ORIGINALS,
    TABLE,
    VARIANTS,
    api_settings,
    resize_settings,
    s3_record,
)

NOT_AN_IMAGE = b"not an image"
# Presets that were deployed one after the other. A stack that goes back to earlier ones does so
# long after the last call that knew others has ended.
GENERATIONS = tuple(
    (f"thumbnail {side}x{side} cover jpeg", f"small {side * 2}x{side * 2} contain webp")
    for side in range(64, 160, 8)
)


def announcement(image_id: str) -> Row:
    """What is announced about an image, however often it is."""
    return {
        "Owner": f"owner of {image_id}",
        "FileName": f"{image_id} 山.jpg",
        "BatchID": "b1",
        "CreatedAt": "2026-01-02T03:04:05.006Z",
    }


def rendering(preset: Preset, data: bytes) -> bytes:
    """What the pretended renderer makes of an original."""
    return f"{preset.name} {preset.width} of ".encode() + data


class Service:
    """Buckets, queue and table, and the calls of the resize and API functions that are at work.

    `overrun` are originals whose rendering took too long at least once, which may reject them; `removed`
    are images that somebody once decided to delete.
    """

    def __init__(self, *, versioned: bool, gated: bool) -> None:
        self.queue = QueueModel()
        self.buckets = BucketsModel(self.queue.send, versioned=versioned, gated=gated)
        self._gated = gated
        self.table = TableModel()
        self._announced: set[str] = set()
        self.tasks: list[Task] = []
        self.overrun: set[bytes] = set()
        self.removed: set[str] = set()
        self.presets = GENERATIONS[0]
        self.next_rendering: Literal["fine", "overrun", "broken"] = "fine"

    def upload(self, image_id: str, data: bytes) -> None:
        """Store an original: with a policy if the image was ever announced, and else without."""
        metadata = encode(announcement(image_id)) if image_id in self._announced else {}
        self.buckets.put_object(
            Bucket=ORIGINALS, Key=keys.original_key(image_id), Body=data, Metadata=metadata
        )

    def copy(self, source: str, image_id: str) -> None:
        if self.original(source) is not None:
            origin = {"Bucket": ORIGINALS, "Key": keys.original_key(source)}
            self.buckets.copy_object(Bucket=ORIGINALS, Key=keys.original_key(image_id), CopySource=origin)

    def remove(self, image_id: str) -> None:
        self.removed.add(image_id)
        self.buckets.delete_object(Bucket=ORIGINALS, Key=keys.original_key(image_id))

    def delete(self, image_id: str) -> Task:
        """Begin a call of the API that deletes an image: up to the first call, which is not made yet."""
        self.removed.add(image_id)
        return self._begin(lambda task: self._delete(task, image_id))

    def announce(self, image_id: str) -> None:
        """What the API does before an upload."""
        if image_id not in self.table.items:
            row = {"ImageID": image_id, "Status": "PENDING", "ExpiresAt": 1, **announcement(image_id)}
            self.table.items[image_id] = to_item(row)
            self._announced.add(image_id)

    def expire(self, image_id: str) -> None:
        """What DynamoDB does with an announcement that was waited for in vain, late as it may be."""
        if self.table.items.get(image_id, {}).get("Status") == {"S": "PENDING"}:
            del self.table.items[image_id]

    def backfill(self) -> None:
        """Queue again what was rendered with other presets than those of now."""
        for row in self.rows().values():
            if row["Status"] != DELETED and row.get("PresetHash", self._hash()) != self._hash():
                described = {"versionId": row["VersionId"]} if "VersionId" in row else {}
                self.queue.send(
                    s3_record(
                        row["OriginalKey"],
                        sequencer=row["Sequencer"],
                        size=row["Bytes"],
                        eTag=row["ETag"],
                        **described,
                    )
                )

    def deploy(self) -> bool:
        """Change the presets, if no try with the present ones is under way or given up."""
        tried = any(message.tried for message in (*self.queue.messages, *self.queue.dead_letters))
        generation = GENERATIONS.index(self.presets) + 1
        if tried or self.tasks or generation == len(GENERATIONS):
            return False
        self.presets = GENERATIONS[generation]
        return True

    def deliver(self, place: int) -> Task | None:
        """Begin to handle a message: up to the first call, which is not made yet."""
        message = self.queue.receive(place)
        if message is None:
            return None
        return self._begin(lambda task: self._handle(task, message))

    def step(self, task: Task, fate: Fate = "done") -> None:
        """Let one of the workers make its next call, or fail at it."""
        task.step(fate)
        self._clear_finished()

    def finish(self) -> None:
        """Let every message be handled to its end, without any fault from now on."""
        self.next_rendering = "fine"
        self.buckets.scan()
        for _ in range(1000):
            while self.tasks:
                self.step(self.tasks[0])
            if not self.queue.messages:
                return
            self.deliver(0)
        raise AssertionError("the queue never gets empty")

    def stop(self) -> None:
        """End whatever is still at work."""
        for task in self.tasks:
            task.kill()

    def original(self, image_id: str) -> bytes | None:
        current = self.buckets.current(ORIGINALS, keys.original_key(image_id))
        return current.data if current else None

    def rows(self) -> dict[str, Row]:
        return {image_id: to_row(item) for image_id, item in self.table.items.items()}

    def events(self) -> list[ImageEvent]:
        """All that was published, in the order of the table's stream."""
        changes = [(before and to_row(before), to_row(after)) for before, after in self.table.changes]
        events = [event_of_change(before, after, ORIGINALS) for before, after in changes]
        return [event for event in events if event]

    def variants(self) -> dict[str, bytes]:
        return self.buckets.contents(VARIANTS)

    def _begin(self, work: Callable[[Task], object]) -> Task:
        task = Task(work)
        self.tasks.append(task)
        self._clear_finished()
        return task

    def _delete(self, task: Task, image_id: str) -> None:
        nothing: Any = None
        api = Routes(
            api_settings(),
            uploads=nothing,
            quotas=nothing,
            storage=self._storage(task),
            signed_urls=nothing,
            catalog=Catalog(Gate(self.table, task), TABLE),
            listing=nothing,
            batches=nothing,
            page=nothing,
        )
        request = Request.of({"routeKey": routes.DELETE_IMAGE, "pathParameters": {"imageId": image_id}})
        with suppress(ClientError, Problem):
            api.delete_image(request, Principal(name="", admin=True))

    def _storage(self, task: Task) -> Buckets:
        kind = GatedBuckets if self._gated else Buckets
        return kind(Gate(self.buckets, task), originals_bucket=ORIGINALS, variants_bucket=VARIANTS)

    def _handle(self, task: Task, message: Queued) -> None:
        acknowledged = False
        try:
            acknowledged = not self._call(task, message)["batchItemFailures"]
        finally:
            self.queue.end(message, acknowledged=acknowledged)

    def _call(self, task: Task, message: Queued) -> dict[str, Any]:
        """One call of the function, with a message batch of one."""
        storage, queues = self._storage(task), Queues(Gate(self.queue, task), URLS)
        gate = open_gate
        if isinstance(storage, GatedBuckets):
            gate = ScanGate(storage, queues, scan_seconds=60, clock=lambda: 0)
        worker = Worker(
            resize_settings(presets=self.presets),
            storage=storage,
            catalog=Catalog(Gate(self.table, task), TABLE),
            gate=gate,
            render=lambda *image: task.io(lambda: self._render(*image)),
            admission=Admission(10_000),
        )
        received = {
            "messageId": message.id,
            "receiptHandle": f"receipt of {message.id}",
            "body": message.body,
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{message.queue}",
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
        }
        return handle_batch(
            read_messages({"Records": [received]}, MAX_RECEIVE_COUNT),
            settle=worker.settle,
            give_up=worker.give_up,
            postpone=queues.postpone,
            report=lambda line: None,
            remaining_seconds=lambda: 300,
            record_seconds=30,
            retry_base_seconds=10,
        )

    def _render(self, data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
        error, self.next_rendering = self.next_rendering, "fine"
        if error == "overrun":
            self.overrun.add(data)
            raise RenderTimedOut
        if error == "broken":
            raise RuntimeError("a bug")
        if data == NOT_AN_IMAGE:
            raise NotAnImage
        variants = {
            preset.name: RenderedVariant(
                preset=preset, data=rendering(preset, data), width=preset.width, height=preset.height
            )
            for preset in presets
        }
        return Rendered(facts=FACTS, variants=variants)

    def _clear_finished(self) -> None:
        self.tasks = [task for task in self.tasks if not task.finished]

    def _hash(self) -> str:
        return preset_hash(parse_presets(self.presets))
