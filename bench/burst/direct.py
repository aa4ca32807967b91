"""The same spike at the design without a queue: S3 invokes the function itself.

Lambda's rules for such asynchronous calls are followed here, because the emulator has fewer of
them: a call that finds the function at its concurrency limit is throttled and comes back later,
for hours if need be; one that fails is tried twice more and then dropped.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import io
import json
import random
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.burst.burst import CALLS, DUPLICATED, faults, rows, variants
from bench.burst.drive import send
from bench.burst.kills import kill_now_and_then
from bench.burst.spike import Spike, expected
from handlers.contract.keys import original_key
from local.consistency import balance
from local.system import System

_HANDLERS = Path(__file__).parents[2] / "handlers"
_NAME = "naive-resize"
# Lambda waits one minute, then two; that would only make the wait longer.
_RETRY_SECONDS = (1, 2)


@dataclass(frozen=True, kw_only=True)
class DirectResult:
    """What became of the spike. `untold` are uploads that are no images and of which no row says so."""

    lost: int
    untold: int
    doubled: int
    orphaned: int
    throttled: int
    peak: int
    seconds: float


class _Asynchronous:
    """Lambda's own queue of asynchronous calls, at a concurrency limit."""

    def __init__(self, system: System, limit: int) -> None:
        self._lambda = system.client("lambda")
        self._limit = limit
        self._running = 0
        self._lock = threading.Lock()
        self._free = threading.Condition(self._lock)
        self.throttled = 0
        self.peak = 0
        self.finished: Counter[str] = Counter()

    def call(self, record: dict[str, Any]) -> None:
        """One event, until it succeeds or is dropped."""
        for pause in (*_RETRY_SECONDS, None):
            with self._free:
                if self._running >= self._limit:
                    self.throttled += 1
                    self._free.wait_for(lambda: self._running < self._limit)
                self._running += 1
                self.peak = max(self.peak, self._running)
            try:
                answer = self._lambda.invoke(FunctionName=_NAME, Payload=json.dumps({"Records": [record]}))
                failed = "FunctionError" in answer
                answer["Payload"].read()
            finally:
                with self._free:
                    self._running -= 1
                    self._free.notify()
            if not failed:
                with self._lock:
                    self.finished[record["s3"]["object"]["key"]] += 1
                return
            if pause is not None:
                time.sleep(pause)


def without_queue(system: System, spike: Spike, *, seed: int, rate: float, kills: int) -> DirectResult:
    """Send the spike, with the same faults and kills, to a function that S3 invokes."""
    sqs = system.client("sqs")
    mailbox = sqs.create_queue(QueueName="what-s3-says")["QueueUrl"]
    _redirect_events(system, mailbox)
    _create_function(system)
    calls = _Asynchronous(system, CALLS)
    stopped = threading.Event()
    chance = random.Random(seed)
    with faults(system, _NAME, seed, rate), ThreadPoolExecutor() as pool, ThreadPoolExecutor(64) as events:
        started = time.monotonic()
        killing = pool.submit(kill_now_and_then, _NAME, seed, kills, stopped)
        sending = pool.submit(send, system, spike)
        pending: list[Future[None]] = []
        while True:
            done = sending.done()
            found = sqs.receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                "Messages", []
            )
            for message in found:
                sqs.delete_message(QueueUrl=mailbox, ReceiptHandle=message["ReceiptHandle"])
                for record in json.loads(message["Body"]).get("Records", []):
                    if record["eventName"].startswith("ObjectCreated:"):
                        # S3 delivers at least once, and now and then twice.
                        times = 2 if chance.random() < DUPLICATED else 1
                        pending += [events.submit(calls.call, record) for _ in range(times)]
            if done and not found:
                break
        for each in pending:
            each.result()
        seconds = time.monotonic() - started
        stopped.set()
        killing.result()
    return _accounted(system, spike, calls, seconds)


def _accounted(system: System, spike: Spike, calls: _Asynchronous, seconds: float) -> DirectResult:
    standing = {each.name: last for each in spike.uploads if (last := spike.last(each))}
    good = {name for name, last in standing.items() if last.what == "photograph"}
    account = balance(
        {name: expected(last) for name, last in standing.items()}, rows(system), variants(system)
    )
    lost = [each for each in (*account.lost, *account.stuck) if each.split()[0] in good]
    uploads = Counter(original_key(each.name) for each in spike.uploads)
    uploads.update(map(original_key, spike.replacements))
    return DirectResult(
        lost=len(lost),
        untold=len(account.lost) + len(account.stuck) - len(lost),
        doubled=sum(count > uploads[key] for key, count in calls.finished.items()),
        orphaned=len(account.orphaned) + len(account.doubled),
        throttled=calls.throttled,
        peak=calls.peak,
        seconds=seconds,
    )


def _redirect_events(system: System, mailbox: str) -> None:
    sqs = system.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=mailbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    accepts = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [accepts]})
    sqs.set_queue_attributes(QueueUrl=mailbox, Attributes={"Policy": policy})
    system.client("s3").put_bucket_notification_configuration(
        Bucket=system.outputs["originalsBucket"],
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )


def _create_function(system: System) -> None:
    client = system.client("lambda")
    resize = client.get_function_configuration(FunctionName=system.outputs["resizeFunctionName"])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for file in sorted(_HANDLERS.rglob("*.py")):
            bundle.write(file, file.relative_to(_HANDLERS.parent))
        bundle.write(Path(__file__).with_name("naive.py"), "naive.py")
    client.create_function(
        FunctionName=_NAME,
        Role=resize["Role"],
        Runtime=resize["Runtime"],
        Handler="naive.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=resize["Timeout"],
        MemorySize=resize["MemorySize"],
        Environment=resize["Environment"],
    )
