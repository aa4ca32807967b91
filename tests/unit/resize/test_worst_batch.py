"""What `recordSeconds` promises, with the real batch, worker and render process."""

import io
import time

import pytest
from PIL import Image

from handlers.contract.presets import parse_presets
from handlers.rendering.sandbox.process import RenderProcess
from handlers.resize.message_batch import handle_batch
from tests.unit.resize_environment import message, resize_settings

RECORD_SECONDS = 2
BATCH = 4
# Half a second of work at the very least, on any machine, in each of these; several on this one.
PRESETS = (
    "thumbnail 2000x2000 contain avif effort=10 enlarge",
    "large 4000x4000 contain webp effort=6 enlarge",
)


SETTINGS = {
    "record_seconds": RECORD_SECONDS,
    "presets": PRESETS,
    "max_upload_bytes": 50_000_000,
    "max_pixels": 50_000_000,
}


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    return data.getvalue()


@pytest.fixture
def renderer():
    settings = resize_settings(**SETTINGS)
    process = RenderProcess(
        cpu_seconds=settings.render_cpu_seconds,
        wall_seconds=settings.render_wall_seconds,
        memory_bytes=settings.render_memory_bytes,
    )
    process.start()
    process.render(
        _png(Image.new("RGB", (9, 9))), parse_presets(["thumbnail 9x9 cover jpeg"]), settings.limits
    )
    yield process
    process.stop()


def test_a_batch_of_images_that_take_all_their_time_is_answered_in_time_with_each_accounted_for(
    world, renderer
):
    slow = _png(Image.effect_noise((2000, 2000), 120).convert("RGB"))
    world.render = renderer.render
    worker = world.worker(**SETTINGS)
    messages = [message(world.upload(f"slow/{n}", slow), id=f"m{n}") for n in range(BATCH)]
    deadline = time.monotonic() + BATCH * RECORD_SECONDS + 4
    answer = handle_batch(
        messages,
        settle=worker.settle,
        give_up=worker.give_up,
        postpone=lambda message, seconds: None,
        report=world.lines.append,
        remaining_seconds=lambda: deadline - time.monotonic(),
        record_seconds=RECORD_SECONDS,
        retry_base_seconds=1,
        workers=BATCH,
    )
    assert time.monotonic() < deadline
    # On a machine that is busy otherwise, an image may stall before it has used up its processor time.
    stalled = {f"m{n}" for n in range(BATCH) if world.row(f"slow/{n}") is None}
    assert {failure["itemIdentifier"] for failure in answer["batchItemFailures"]} == stalled
    ends = {(line.outcome, line.note) for line in world.lines}
    assert ends <= {("rejected", "RenderTimedOut"), ("retry", "RenderStalled")}
