"""`make bench-batch`: ten 12-megapixel photographs in one message batch, 30 ms added to each S3 call.

The handler as it is against the same handler one record after the other, on one CPU, in turns;
a stub of S3 and DynamoDB has the other CPU. Then what the render process costs.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.batch import photographs
from bench.batch.child import cpu_of_one
from bench.batch.stub import ETAG
from handlers.contract.settings import ResizeSettings, load
from handlers.resize.entry_point import RECORDS_AT_ONCE
from local.system import deployed

_ROUNDS = 5
_WARM_UP = 1
# What the renderer is compared with its peers on: rendering that leaves waiting as the larger part.
_JPEG = ("thumbnail 128x128 cover jpeg", "small 512x512 contain jpeg", "large 1024x1024 contain jpeg")

_Taken = dict[str, float]


def main() -> None:
    """Measure, and print the tables and the figures."""
    environment = _environment()
    settings = load(ResizeSettings, environment)
    presets = {"_default_presets": settings.presets, "": _JPEG}
    with tempfile.TemporaryDirectory() as folder:
        # One more than the ten that are measured, to warm up with.
        files = photographs.make(Path(folder), 10 + _WARM_UP)
        event = {"Records": [_message(path, settings.originals_bucket) for path in files]}
        with _stub(folder) as endpoint:
            told = environment | {"AWS_ENDPOINT_URL": endpoint}
            measured = {name: _in_turns(event, told, lines) for name, lines in presets.items()}
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        apart, here = cpu_of_one(files, settings.presets, settings.limits)
    for name, lines in presets.items():
        _show(", ".join(lines), *measured[name])
    print(f"CPU of one rendering: {apart * 1000:.0f} ms in the render process, {here * 1000:.0f} ms without")
    for name, (pipelined, sequential) in measured.items():
        print(f"figure batch_speedup{name} {sequential['seconds'] / pipelined['seconds']:.2f}")
        print(f"figure batch_memory_ratio{name} {pipelined['peak_mib'] / sequential['peak_mib']:.2f}")
    print(f"figure child_cpu_ratio {apart / here:.2f}")


def _in_turns(event: dict[str, Any], environment: dict[str, str], presets: Sequence[str]) -> list[_Taken]:
    """The medians with several records at once, and one after the other."""
    told = environment | {"PRESETS": json.dumps(list(presets))}
    measured: dict[int, list[_Taken]] = {RECORDS_AT_ONCE: [], 1: []}
    for _ in range(_ROUNDS):
        for workers, taken in measured.items():
            taken.append(_once(workers, event, told))
    return [_medians(taken) for taken in measured.values()]


def _show(title: str, pipelined: _Taken, sequential: _Taken) -> None:
    table = Table(title=title, box=None, header_style="bold")
    for column in ("", "wall s", "CPU s", "S3 calls", "peak MiB", "of the time", "of the memory"):
        table.add_column(column, justify="right")
    for name, taken in ((f"{RECORDS_AT_ONCE} at once", pipelined), ("one after the other", sequential)):
        table.add_row(
            name,
            f"{taken['seconds']:.2f}",
            f"{taken['cpu']:.2f}",
            f"{taken['s3_calls']:.0f}",
            f"{taken['peak_mib']:.0f}",
            f"{taken['seconds'] / sequential['seconds']:.2f}",
            f"{taken['peak_mib'] / sequential['peak_mib']:.2f}",
        )
    Console(width=110).print(table)


def _medians(taken: list[_Taken]) -> _Taken:
    return {name: statistics.median(each[name] for each in taken) for name in taken[0]}


def _once(workers: int, event: dict[str, Any], environment: dict[str, str]) -> _Taken:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.batch.once", str(workers)],
        input=json.dumps(event),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    taken: _Taken = json.loads(ran.stdout.splitlines()[-1])
    return taken


def _environment() -> dict[str, str]:
    """The resize function's own as the stack sets it, and what Lambda adds to it."""
    with deployed(config={"recordSeconds": 60, "resizeTimeoutSeconds": 900}) as system:
        name = system.outputs["resizeFunctionName"]
        configuration = system.client("lambda").get_function_configuration(FunctionName=name)
        return {
            **configuration["Environment"]["Variables"],
            "AWS_REGION": system.region,
            "AWS_DEFAULT_REGION": system.region,
            "AWS_ACCESS_KEY_ID": system.root.access_key_id,
            "AWS_SECRET_ACCESS_KEY": system.root.secret_access_key,
        }


@contextmanager
def _stub(folder: str) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.batch.stub", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _message(path: Path, bucket: str) -> dict[str, Any]:
    described = {
        "key": f"uploads/{path.name}",
        "size": path.stat().st_size,
        "eTag": ETAG,
        "sequencer": "0055AED6DCD90281E5",
    }
    record = {
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "s3": {"bucket": {"name": bucket}, "object": described},
    }
    return {
        "messageId": path.name,
        "receiptHandle": path.name,
        "body": json.dumps({"Records": [record]}),
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:uploads",
        "attributes": {"ApproximateReceiveCount": "1"},
    }


if __name__ == "__main__":
    main()
