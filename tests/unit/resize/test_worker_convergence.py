"""Whatever happens in whatever order, with crashes anywhere: in the end the rows tell the truth."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.resize_environment import TABLE, VARIANTS, World

IMAGE_ID = "a"
UPLOADS = st.sampled_from([b"one", b"two", b"not an image"]).map(lambda data: ("upload", data))
REMOVALS = st.just(("remove",))
DELIVERIES = st.tuples(st.just("deliver"), st.integers(0, 9), st.none() | st.integers(1, 8), st.booleans())
RACES = st.tuples(st.just("race"), st.integers(0, 9), st.integers(0, 9))
STEPS = st.lists(UPLOADS | REMOVALS | DELIVERIES | RACES, max_size=12)


class Crash(Exception):
    """The worker's process ended."""


class Crashing:
    """Buckets or catalog of a worker that ends at its n-th call of either, before or after it took effect."""

    def __init__(self, real: Any, countdown: list[int]) -> None:
        self._real = real
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        return self._counted(real) if callable(real) else real

    def _counted(self, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._countdown[0] -= 1
            if self._countdown[0] == 0 and len(args) % 2:
                raise Crash
            answer = real(*args, **kwargs)
            if self._countdown[0] == 0:
                raise Crash
            return answer

        return call


class Story:
    """The life of one image: `queue` holds the records that are not acknowledged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queue: list[dict[str, Any]] = []

    def upload(self, data: bytes) -> None:
        self.queue.append(self.world.upload(IMAGE_ID, data))

    def remove(self) -> None:
        if self.world.storage.exists(f"uploads/{IMAGE_ID}"):
            self.queue.append(self.world.remove(IMAGE_ID))

    def deliver(self, place: int, crash_at: int | None = None, twice: bool = False) -> None:
        if not self.queue:
            return
        record = self.queue.pop(place % len(self.queue))
        worker = None
        if crash_at:
            countdown = [crash_at]
            worker = self.world.worker(
                storage=Crashing(self.world.storage, countdown),
                catalog=Crashing(self.world.catalog, countdown),
            )
        last_line = self.world.deliver(record, worker=worker)[-1]
        if twice or last_line.startswith("retry"):
            self.queue.append(record)

    def race(self, place: int, other: int) -> None:
        """A second delivery while the first is rendering, if it renders at all."""
        self.world.render.meanwhile = lambda: self.deliver(other, twice=True)
        self.deliver(place)
        self.world.render.meanwhile = None

    def end(self) -> None:
        for _ in range(100):
            if not self.queue:
                return
            self.deliver(0)
        pytest.fail("the queue never gets empty")


def empty(world: World) -> None:
    """Begin each example again: one that failed leaves something behind."""
    world.render.meanwhile = None
    world.storage.remove_variants(world.variants())
    world.s3.delete_object(Bucket="originals", Key=f"uploads/{IMAGE_ID}")
    key = {"ImageID": {"S": IMAGE_ID}}
    world.catalog._client.delete_item(TableName=TABLE, Key=key)


@pytest.mark.parametrize("versioned", [True, False])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_when_the_queue_is_empty_rows_variants_and_originals_agree(world, versioned, steps):
    empty(world)
    state = {"Status": "Enabled" if versioned else "Suspended"}
    world.s3.put_bucket_versioning(Bucket="originals", VersioningConfiguration=state)
    story = Story(world)
    for name, *arguments in steps:
        getattr(story, name)(*arguments)
    story.end()

    original = world.storage.fetch(f"uploads/{IMAGE_ID}", max_bytes=100)
    row = world.row(IMAGE_ID)
    if original is None:
        assert row is None or world.is_deleted(IMAGE_ID)
        assert world.variants() == {}
    elif original.data == b"not an image":
        assert (row["Status"], row["Reason"]) == ("REJECTED", "NotAnImage")
        assert world.variants() == {}
    else:
        assert row["Status"] == "READY"
        shown = {name: world.variants()[v["Key"]] for name, v in row["Variants"].items()}
        assert shown == {name: name.encode() + b" of " + original.data for name in ("thumbnail", "small")}
        assert world.is_consistent()

    story.remove()
    story.end()
    assert world.row(IMAGE_ID) is None or world.is_deleted(IMAGE_ID)
    assert world.s3.list_objects_v2(Bucket=VARIANTS)["KeyCount"] == 0
