"""`make bench-throughput`: what an image costs from its message to its row, in CPU time of the workers.

Photographs of 12 megapixels are uploaded to the program deployed to the emulator, whose resize function runs
in two calls at a time. The table adds up to all CPU time of the function's processes, cold starts excluded.
"""

import argparse
import json
import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.batch import photographs
from bench.burst.burst import rows
from bench.burst.watch import wait_until_empty
from local.system import System, deployed

_CONFIG = {
    "maxConcurrency": 2,
    "batchSize": 5,
    "batchingWindowSeconds": 0,
    "recordSeconds": 30,
    "resizeTimeoutSeconds": 300,
}
_UPLOADS_AT_ONCE = 4
_WARM_UP = 20
_PATIENCE_SECONDS = 3_600

# What the parts of the accounts stand for, in the order of an image's way.
_WORKER = {
    "queue": "reading messages and events",
    "S3": "S3: get, put",
    "table": "DynamoDB: get, write",
    "hand-over": "original to the render process, variants back, checks",
    "log": "log lines and metrics",
}
_IMAGE = {
    "header": "reading and checking the header",
    "decode": "decoding",
    "resize": "filters",
    "colour": "colour",
    "encode": "encoding",
    "render": "ThumbHash, orientation, the rest of rendering",
}


class Accounts:
    """CPU seconds by part, of what the hook's lines say."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.images = 0
        self._cumulative: dict[tuple[str, int], dict[str, float]] = {}
        self._parts: Counter[str] = Counter()

    def hear(self, line: dict[str, Any]) -> None:
        """Take down one line."""
        if "image" in line:
            self.images += 1
            self._parts.update(line["parts"])
        elif "worker" in line:
            self._cumulative["worker", line["worker"]] = {"cpu": line["cpu"], **line["parts"]}
        else:
            self._cumulative["waiting", line["waiting"]] = {"cpu": line["cpu"], "children": line["children"]}

    def seconds(self) -> Counter[str]:
        """What was used up to now: by part, of all workers, all waiting processes and all images."""
        used = Counter({f"image {part}": seconds for part, seconds in self._parts.items()})
        for (kind, _), values in self._cumulative.items():
            used.update({f"{kind} {name}": value for name, value in values.items()})
        return used


def main() -> None:
    """Measure, and print the table and the figures."""
    parser = argparse.ArgumentParser(prog="bench.throughput", description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    count = parser.parse_args().images
    with (
        tempfile.TemporaryDirectory() as folder,
        deployed(config=_CONFIG) as system,
        _accounts(system, Path(folder)) as accounts,
    ):
        originals = [path.read_bytes() for path in photographs.make(Path(folder))]
        _settle(system, accounts, originals, "warm", _WARM_UP)
        before, images, began = accounts.seconds(), accounts.images, time.monotonic()
        _settle(system, accounts, originals, "photograph", count)
        used, images, seconds = accounts.seconds(), accounts.images - images, time.monotonic() - began
        used.subtract(before)
        ready = sum(row["Status"] == "READY" for row in rows(system).values())
    assert ready == _WARM_UP + count, f"{ready} of {_WARM_UP + count} images are ready"
    _show(used, images, seconds)


def _settle(system: System, accounts: Accounts, originals: list[bytes], name: str, count: int) -> None:
    """Upload so many photographs and wait until the workers are done with them."""
    s3, bucket = system.client("s3"), system.outputs["originalsBucket"]
    wanted = accounts.images + count

    def put(number: int) -> None:
        body = originals[number % len(originals)]
        s3.put_object(Bucket=bucket, Key=f"uploads/{name}-{number}", Body=body, ContentType="image/jpeg")

    with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
        list(pool.map(put, range(count)))
    until = time.monotonic() + _PATIENCE_SECONDS
    while accounts.images < wanted and time.monotonic() < until:
        time.sleep(0.5)
    wait_until_empty(system, 60)


def _show(used: Counter[str], images: int, seconds: float) -> None:
    workers, waiting, children = used["worker cpu"], used["waiting cpu"], used["waiting children"]
    total = workers + waiting + children
    rendering = sum(used[f"image {part}"] for part in _IMAGE)
    lines = {
        "the function": workers,
        **{f"  {what}": used[f"worker {part}"] for part, what in _WORKER.items()},
        "  runtime, threads, the rest": workers - sum(used[f"worker {part}"] for part in _WORKER),
        "rendering": rendering,
        **{f"  {what}": used[f"image {part}"] for part, what in _IMAGE.items()},
        "the render process around it": waiting + children - rendering,
        "  waiting process: forking": waiting,
        "  process of an image: request, answer, pages, exit": children - rendering,
        "all": total,
    }
    title = f"{images} photographs of 12 megapixels in {seconds:.0f} s, CPU of the workers"
    table = Table(title=title, box=None, header_style="bold")
    for column, side in (("part", "left"), ("ms an image", "right"), ("share", "right")):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for what, value in lines.items():
        table.add_row(what, f"{1000 * value / images:.1f}", f"{value / total:.1%}")
    Console(width=110).print(table)
    print(f"figure throughput_images_per_cpu_second {images / total:.2f}")
    print(f"figure throughput_images_per_second {images / seconds:.2f}")
    print(f"figure throughput_function_ms {1000 * workers / images:.1f}")
    print(f"figure throughput_render_process_ms {1000 * (waiting + children - rendering) / images:.1f}")


@contextmanager
def _accounts(system: System, folder: Path) -> Iterator[Accounts]:
    """Put the hook on the path of the resize function, and listen to it."""
    hook = shutil.copy(Path(__file__).with_name("hook") / "sitecustomize.py", folder)
    pipe = Path(hook).with_name("pipe")
    os.mkfifo(pipe)
    accounts, function = Accounts(), system.outputs["resizeFunctionName"]
    # Open for writing too, so that it does not end whenever no process of the function is there.
    with os.fdopen(os.open(pipe, os.O_RDWR), "r") as lines:

        def listen() -> None:
            for line in lines:
                if line == "\n":
                    return
                accounts.hear(json.loads(line))

        listener = threading.Thread(target=listen)
        listener.start()
        client = system.client("lambda")
        variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": variables | {"PYTHONPATH": str(folder)}}
        )
        try:
            yield accounts
        finally:
            pipe.open("w").write("\n")
            listener.join()


if __name__ == "__main__":
    main()
