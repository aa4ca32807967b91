"""Sends the spike, as fast as it goes."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.burst.spike import MALFORMED, TEST_EVENT, Spike, SpikeUpload
from bench.burst.watch import QUEUES
from handlers.contract.keys import original_key
from local.system import System

_AT_ONCE = 8
_TEST_EVENTS = 5
_DUPLICATES_AT_ONCE = 10
# Looking at a message is a receive, and no message may be looked at twice.
_HIDDEN_SECONDS = 30


def send(system: System, spike: Spike) -> dict[str, float]:
    """Upload everything, overwrite and delete what is to be; when each upload began, by name."""
    s3, bucket = system.client("s3"), system.outputs["originalsBucket"]
    began: dict[str, float] = {}

    def put(upload: SpikeUpload) -> None:
        began[upload.name] = time.time()
        key = original_key(upload.name)
        s3.put_object(Bucket=bucket, Key=key, Body=upload.data, ContentType="image/jpeg")
        if upload.then == "overwritten":
            s3.put_object(Bucket=bucket, Key=key, Body=spike.replacements[upload.name].data)
        elif upload.then == "deleted":
            s3.delete_object(Bucket=bucket, Key=key)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(put, spike.uploads))
    return began


def send_strange_messages(system: System) -> None:
    """Test events, and what is no event at all."""
    for body in (*[TEST_EVENT] * _TEST_EVENTS, *MALFORMED):
        system.client("sqs").send_message(QueueUrl=system.outputs["queueUrl"], MessageBody=body)


def duplicate(system: System, share: float, uploads: int, stopped: Callable[[], bool]) -> int:
    """Deliver some of the queued events a second time; returns how many."""
    sqs = system.client("sqs")
    queues = itertools.cycle(system.outputs[name] for name in QUEUES)
    sent: set[str] = set()
    while len(sent) < share * uploads and not stopped():
        queue = next(queues)
        received: Any = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=_DUPLICATES_AT_ONCE, VisibilityTimeout=_HIDDEN_SECONDS
        )
        for message in received.get("Messages", []):
            if message["MessageId"] not in sent and '"s3"' in message["Body"]:
                sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                sent.add(message["MessageId"])
        time.sleep(0.25)
    return len(sent)
