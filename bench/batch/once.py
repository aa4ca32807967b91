"""One message batch through the handler, in a separate process: prints what it took, as JSON.

    python -m bench.batch.once WORKERS

The environment is the resize function's; standard input is the event that SQS would hand over.
"""

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.batch.cpu import render_cpu, render_pid
from handlers.resize import entry_point
from handlers.storage import clients

S3_SECONDS = 0.03


def main() -> None:
    """Handle the batch twice: one record to warm up, then all others, which are measured."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the render process inherits it
    calls = _slow_down_s3()
    entry_point.RECORDS_AT_ONCE = int(sys.argv[1])
    event = json.load(sys.stdin)
    context = SimpleNamespace(aws_request_id="bench", get_remaining_time_in_millis=lambda: 600_000)
    first, rest = event["Records"][:1], event["Records"][1:]
    _handle(first, context)
    calls.clear()
    cpu, began = time.process_time() + render_cpu(), time.perf_counter()
    _handle(rest, context)
    seconds = time.perf_counter() - began
    cpu = time.process_time() + render_cpu() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "s3_calls": len(calls), "peak_mib": _peak_mib()}))


def _handle(records: list[Any], context: Any) -> None:
    answer = entry_point.handler({"Records": records}, context)
    assert answer == {"batchItemFailures": []}, answer


def _slow_down_s3() -> list[str]:
    """Add the latency to every call of S3 that the handler's client makes; the calls, as they come."""
    calls: list[str] = []
    make = clients.s3

    def slow() -> Any:
        client = make()

        def wait(model: Any, **_: Any) -> None:
            calls.append(model.name)
            time.sleep(S3_SECONDS)

        client.meta.events.register("before-call.s3", wait)
        return client

    clients.s3 = slow
    return calls


def _peak_mib() -> float:
    """The most that this process and its render process held, added up."""
    # ru_maxrss would count the process that started this one, too.
    return sum(_high_water_kib(pid) for pid in (os.getpid(), render_pid())) / 1024


def _high_water_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


if __name__ == "__main__":
    main()
