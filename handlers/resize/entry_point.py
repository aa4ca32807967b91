"""The resize function: S3 events from the queues in, variants and rows out."""

import functools
import os
from typing import TYPE_CHECKING, Any, Final

from handlers.contract.settings import ResizeSettings, load
from handlers.rendering.sandbox.process import RenderProcess
from handlers.rendering.sandbox.resource_limits import conceal
from handlers.resize.admission import Admission
from handlers.resize.malware_gate import Gate, ScanGate, open_gate
from handlers.resize.message_batch import handle_batch, read_messages
from handlers.resize.queues import Queues
from handlers.resize.telemetry import Telemetry
from handlers.resize.worker import Worker
from handlers.storage import clients
from handlers.storage.buckets import Buckets, GatedBuckets
from handlers.storage.catalog import Catalog

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# One record is rendered while others are downloaded ahead of it and stored behind it.
RECORDS_AT_ONCE: Final = 4


@functools.cache
def compose() -> tuple[ResizeSettings, Worker, Queues, Telemetry]:
    """The collaborators of one execution environment, built at its first call."""
    settings = load(ResizeSettings, os.environ)
    conceal()
    renderer = RenderProcess(
        cpu_seconds=settings.render_cpu_seconds,
        wall_seconds=settings.render_wall_seconds,
        memory_bytes=settings.render_memory_bytes,
    )
    renderer.start()  # it imports its decoders while the clients are built here
    queues = Queues(clients.sqs(), {"bulk": settings.queue_url, "express": settings.express_queue_url})
    storage, gate = _storage_and_gate(settings, queues)
    worker = Worker(
        settings,
        storage=storage,
        catalog=Catalog(clients.dynamodb(), settings.table_name),
        render=renderer.render,
        admission=Admission(settings.in_flight_bytes),
        gate=gate,
    )
    return settings, worker, queues, Telemetry()


def _storage_and_gate(settings: ResizeSettings, queues: Queues) -> tuple[Buckets, Gate]:
    buckets = {
        "originals_bucket": settings.originals_bucket,
        "variants_bucket": settings.variants_bucket,
    }
    if not settings.malware_scan_seconds:
        return Buckets(clients.s3(), **buckets), open_gate
    storage = GatedBuckets(clients.s3(), **buckets)
    seconds = settings.malware_scan_seconds
    return storage, ScanGate(storage, queues, scan_seconds=seconds)


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Lambda's entry point: an SQS event in, a partial batch response out."""
    settings, worker, queues, telemetry = compose()
    with telemetry.invocation(context):
        return handle_batch(
            read_messages(event, settings.max_receive_count),
            settle=worker.settle,
            give_up=worker.give_up,
            postpone=queues.postpone,
            report=telemetry.report,
            remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
            record_seconds=settings.record_seconds,
            retry_base_seconds=settings.retry_base_seconds,
            workers=RECORDS_AT_ONCE,
        )
