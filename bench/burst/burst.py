"""One burst: a spike at the deployed system, with everything going wrong meanwhile, and the account."""

import json
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.burst.drive import duplicate, send, send_strange_messages
from bench.burst.hearing import Hearing
from bench.burst.kills import kill_now_and_then
from bench.burst.spike import MALFORMED, Spike, expected
from bench.burst.watch import QUEUES, Sample, curves, wait_until_empty, watch
from handlers.contract.rows import DELETED, Row
from handlers.storage.dynamodb_items import to_row
from local.consistency import Account, balance
from local.system import System

# The queues are told to show messages of a killed worker again after this time instead of after six
# timeouts of the function: the burst would else spend minutes waiting. Some messages become
# visible while their worker still has them, which is one more thing that may not hurt.
VISIBILITY_SECONDS = 20
_BULK, _EXPRESS = 3, 2
CALLS = _BULK + _EXPRESS
CONFIG = {
    "batchSize": 5,
    "batchingWindowSeconds": 0,
    "recordSeconds": 5,
    "resizeTimeoutSeconds": 25,
    "maxConcurrency": _BULK,
    "expressConcurrency": _EXPRESS,
    "retryBaseSeconds": 1,
    "logLevel": "INFO",
}
DUPLICATED = 0.05
_PATIENCE_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a burst came to. `faults` and `kills` are what was injected, `outcomes` what was logged.

    `unannounced` are images whose final outcome or deletion nobody was told, `repeated` is how many events
    came again than they had to.
    """

    account: Account
    unannounced: tuple[str, ...]
    events: int
    repeated: int
    faults: Counter[str]
    kills: Counter[str]
    duplicates: int
    outcomes: Counter[str]
    dead_letters: int
    seconds: float
    samples: list[Sample]
    curves: dict[str, list[Any]]

    @property
    def balances(self) -> bool:
        """Whether every object is accounted for, and every outcome published."""
        return self.account.balances and not self.unannounced


def burst(system: System, spike: Spike, *, seed: int, rate: float, kills: int) -> Result:
    """Drive the spike at the system and account for it. `rate` is the share of requests that fail."""
    wait_until_empty(system, 60)  # of the test event that S3 sent when it was set up
    for name in QUEUES:
        system.client("sqs").set_queue_attributes(
            QueueUrl=system.outputs[name], Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        )
    hearing = Hearing(system)
    stopped = threading.Event()
    resize, publish = system.outputs["resizeFunctionName"], system.outputs["publishFunctionName"]
    with (
        faults(system, resize, seed, rate) as counts,
        faults(system, publish, seed, rate) as counts_of_publish,
        ThreadPoolExecutor() as pool,
    ):
        started = time.monotonic()
        watching = pool.submit(watch, system, stopped)
        killing = pool.submit(kill_now_and_then, resize, seed, kills, stopped)
        killing_publish = pool.submit(kill_now_and_then, publish, seed, kills // 4, stopped)
        duplicating = pool.submit(duplicate, system, DUPLICATED, len(spike.uploads), stopped.is_set)
        send_strange_messages(system)
        began = send(system, spike)
        empty = wait_until_empty(system, _PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        stopped.set()
        stored = rows(system)
        unannounced = (
            *_unrecorded(spike, stored),
            *hearing.unannounced(stored.values(), _PATIENCE_SECONDS),
        )
        injected = Counter(
            line
            for each in (counts, counts_of_publish)
            for line in (each.read_text().splitlines() if each.exists() else [])
        )
    logged = _logged(system)
    letters = _dead_letters(system)
    account = _account(spike, stored, variants(system), logged, letters, empty=empty)
    samples = watching.result()
    return Result(
        account=account,
        unannounced=unannounced,
        events=hearing.heard.total(),
        repeated=hearing.heard.total() - len(hearing.heard),
        faults=injected,
        kills=killing.result() + Counter({"publishers": killing_publish.result().total()}),
        duplicates=duplicating.result(),
        outcomes=Counter(f"{line['outcome']} {line['reason']}" for line in logged),
        dead_letters=len(letters),
        seconds=seconds,
        samples=samples,
        curves=curves(samples, began, stored),
    )


def rows(system: System) -> dict[str, Row]:
    """Every row of the table, by ImageID."""
    pages = (
        system.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=system.outputs["tableName"], ConsistentRead=True)
    )
    found = (to_row(item) for page in pages for item in page["Items"])
    return {row["ImageID"]: row for row in found}


def variants(system: System) -> set[str]:
    """Every key of the variants bucket."""
    pages = (
        system.client("s3").get_paginator("list_objects_v2").paginate(Bucket=system.outputs["variantsBucket"])
    )
    return {found["Key"] for page in pages for found in page.get("Contents", [])}


def _account(
    spike: Spike,
    stored: dict[str, Row],
    keys: set[str],
    logged: list[dict[str, Any]],
    letters: list[str],
    *,
    empty: bool,
) -> Account:
    standing = {upload.name: last for upload in spike.uploads if (last := spike.last(upload))}
    account = balance({name: expected(last) for name, last in standing.items()}, stored, keys)
    uploads = Counter(upload.name for upload in spike.uploads) + Counter(list(spike.replacements))
    ready = Counter(line["image_id"] for line in logged if line["reason"] == "Ready")
    doubled = [f"{name} was finished {ready[name]} times" for name in ready if ready[name] > uploads[name]]
    left = Counter(letters)
    left.subtract(MALFORMED)
    return Account(
        lost=(*account.lost, *(f"the message {body} is gone" for body in left if left[body] < 0)),
        doubled=(*account.doubled, *doubled),
        orphaned=account.orphaned,
        stuck=(
            *account.stuck,
            *(f"a dead letter: {body[:300]}" for body in left if left[body] > 0),
            *(() if empty else ("the queue does not get empty",)),
        ),
    )


def _unrecorded(spike: Spike, stored: dict[str, Row]) -> list[str]:
    """Images that were deleted although no row says so, of which nobody can be told, as sentences."""
    deleted = {upload.name for upload in spike.uploads if not spike.last(upload)}
    recorded = {name for name, row in stored.items() if row["Status"] == DELETED}
    return [f"the deletion of {name} is not recorded" for name in sorted(deleted - recorded)]


def _logged(system: System) -> list[dict[str, Any]]:
    """The resize function's lines about records."""
    lines = []
    for line in system.logs(system.outputs["resizeFunctionName"]):
        if '"outcome"' in line:
            try:
                lines.append(json.loads(line[line.index("{") :]))
            except ValueError:  # a worker was killed while it wrote
                continue
    return lines


def _dead_letters(system: System) -> list[str]:
    sqs, url = system.client("sqs"), system.outputs["deadLetterQueueUrl"]
    bodies: list[str] = []
    while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        bodies += [message["Body"] for message in received]
    return bodies


@contextmanager
def faults(system: System, function: str, seed: int, rate: float) -> Iterator[Path]:
    """Have requests of a function fail; yields the file in which failures are counted."""
    folder = Path(tempfile.mkdtemp(prefix="burst-faults-"))
    (folder / "settings.json").write_text(json.dumps({"seed": seed, "rate": rate}))
    client = system.client("lambda")
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    hook = {"BURST_FAULTS": str(folder), "PYTHONPATH": str(Path(__file__).parent / "faults")}
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables | hook})
    try:
        yield folder / "counts"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
