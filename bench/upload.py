"""How fast `imagectl upload` is, how much memory it takes, and what a forced kill costs.

Uploads 200 and then 2,000 small photographs, cut out of the samples, into a local stack; then the
2,000 into a fresh stack, where the command is killed (SIGKILL) half-way and run again. The client is
a process of its own; it shares the machine's cores with the emulator and the rendering.

Last, a command is run again whose 50,000 files are unchanged: their journal is written here, and what is
measured is the client alone, against a service that answers for their batch at once.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, Final

from PIL import Image
from rich.console import Console
from rich.table import Table

from imagectl.commands.upload import fingerprint
from imagectl.journal import Journal
from imagectl.upload.file_digest import read
from imagectl.upload.file_walk import Unusable, Wanted, walk
from imagectl.upload_model import State, new_batch_id
from local.system import System, deployed

PROJECT: Final = Path(__file__).parents[1]
FEW: Final = 200
MANY: Final = 2000
UNCHANGED: Final = 50_000
RERUNS: Final = 3
SIZE: Final = (320, 240)
# Of the files, when the command is killed.
KILLED_AT: Final = 0.5
LIMIT_SECONDS: Final = 900


@dataclass(frozen=True)
class Measured:
    """One run: its exit code, the summary it printed (none if it was killed), and its peak memory."""

    code: int
    seconds: float
    peak_mib: float
    summary: dict[str, Any]


def photographs(folder: Path, count: int, seed: int) -> Path:
    """Small photographs, no two alike: windows of different samples at different scales."""
    folder.mkdir()
    chance = random.Random(seed)
    samples = [
        Image.open(path).convert("RGB") for path in sorted((PROJECT / "local" / "samples").glob("*.jpg"))
    ]
    for sample in samples:
        sample.thumbnail((1280, 1280))
    for number in range(count):
        sample = chance.choice(samples)
        width = chance.randint(SIZE[0], min(sample.width, sample.height * SIZE[0] // SIZE[1]))
        height = width * SIZE[1] // SIZE[0]
        left, top = chance.randint(0, sample.width - width), chance.randint(0, sample.height - height)
        window = sample.resize(SIZE, box=(left, top, left + width, top + height))
        window.save(folder / f"{number:05}.jpg", quality=chance.randint(80, 92))
    return folder


class Command:
    """`imagectl upload` of a folder in a separate process; `service` are the variables that lead to it."""

    def __init__(self, service: Mapping[str, str], folder: Path, home: Path) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT),
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **service,
        }
        self._output = home / "output.jsonl"
        self._started = time.monotonic()
        command = [sys.executable, "-m", "imagectl", "upload", str(folder), "--json"]
        self._launcher = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("peak.py")), str(self._output), *command],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._launcher.stdout, "the launcher tells about the command on a pipe"
        self._told = self._launcher.stdout
        self._pid = int(self._told.readline())

    def kill(self) -> None:
        """End the command at once, as a crash of the machine would."""
        os.kill(self._pid, signal.SIGKILL)

    def ended(self) -> Measured:
        """Wait for the command."""
        code, kib = self._told.readline().split()
        self._launcher.wait(LIMIT_SECONDS)
        lines = self._output.read_text().splitlines()
        return Measured(
            code=int(code),
            seconds=time.monotonic() - self._started,
            peak_mib=int(kib) / 1024,
            summary=json.loads(lines[-1]) if lines else {},
        )


def uploader_of(system: System) -> dict[str, str]:
    """The environment of the stack's uploader."""
    return {
        "AWS_ACCESS_KEY_ID": system.uploader.access_key_id,
        "AWS_SECRET_ACCESS_KEY": system.uploader.secret_access_key,
        "AWS_REGION": system.region,
        "IMAGECTL_API": str(system.outputs["apiUrl"]),
    }


def uploaded(service: Mapping[str, str], folder: Path, home: Path) -> Measured:
    """Upload a folder to the end."""
    measured = Command(service, folder, home).ended()
    assert measured.code == 0, f"not all READY: {measured.summary}"
    return measured


def killed_and_resumed(system: System, folder: Path, home: Path) -> tuple[Measured, Measured, int]:
    """Upload a folder, kill the command half-way, run it again; the last is how many files were there."""
    command = Command(uploader_of(system), folder, home)
    started = time.monotonic()
    while (stored := sum(1 for _ in originals(system))) < KILLED_AT * MANY:
        assert time.monotonic() - started < LIMIT_SECONDS, "the upload stands still"
        time.sleep(0.2)
    command.kill()
    killed = command.ended()
    assert killed.code == -signal.SIGKILL, "the upload ended before it could be killed"
    return killed, uploaded(uploader_of(system), folder, home), stored


def originals(system: System) -> Iterator[str]:
    """The MD5 of each original in the bucket."""
    pages = system.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=system.outputs["originalsBucket"]):
        for found in page.get("Contents", []):
            yield found["ETag"].strip('"')


def lost_and_doubled(system: System, folder: Path) -> tuple[int, int]:
    """Files without a READY image, and images beyond the first of a file: by name and by content."""
    expected = [
        (path.name, md5(path.read_bytes(), usedforsecurity=False).hexdigest()) for path in folder.iterdir()
    ]
    pages = system.client("dynamodb").get_paginator("scan")
    ready = Counter(
        row["FileName"]["S"]
        for page in pages.paginate(TableName=system.outputs["tableName"])
        for row in page["Items"]
        if row.get("Status", {}).get("S") == "READY"
    )
    stored = Counter(originals(system))
    lost = sum(1 for name, digest in expected if not ready[name] or not stored[digest])
    doubled = max(ready.total() - len(ready), stored.total() - len(stored))
    return lost, doubled


@contextmanager
def one_batch(batch_id: str, images: int) -> Iterator[str]:
    """A service that knows one batch, all of whose images are READY; yields its URL."""
    counts = {"PENDING": 0, "READY": images, "REJECTED": 0, "FAILED": 0}
    batch = {"batchId": batch_id, "total": images, "counts": counts, "done": True, "failures": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/batches/{batch_id}"
            unknown = {"type": "urn:image-intake:problem:unknown-batch", "title": "The batch does not exist."}
            body = json.dumps(batch if known else unknown).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a line a request is of no use here."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def rerun(home: Path) -> float:
    """The median seconds of a command whose files are all unchanged since it made each of them READY."""
    folder = home / "photographs"
    for number in range(UNCHANGED):
        path = folder / f"{number // 1000:02}" / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\xd8\xff\xe0 photograph %d" % number)
    batch_id = new_batch_id()
    with one_batch(batch_id, UNCHANGED) as url:
        remember(home / ".local" / "state" / "imagectl" / "journal.sqlite3", folder, url, batch_id)
        service = {"IMAGECTL_API": url, "IMAGECTL_TOKEN": "any"}
        runs = [uploaded(service, folder, home) for _ in range(RERUNS)]
    assert all(run.summary["uploadedBefore"] == UNCHANGED for run in runs), "the journal knows every file"
    return median(run.seconds for run in runs)


def remember(path: Path, folder: Path, url: str, batch_id: str) -> None:
    """Write the journal of an upload that has made every file of a folder READY."""
    with closing(Journal(path)) as journal:
        run = journal.begin(url, fingerprint([str(folder)], Wanted(), None), batch_id)
        with journal.together():
            for found in walk([str(folder)], Wanted()):
                file = read(found, journal)
                assert not isinstance(file, Unusable), "every file is a photograph"
                journal.claim(run, file)
                journal.announced(run, [(file.sha256, file.name)])
                journal.reach(run, file.sha256, State.UPLOADED)
            journal.settle_batch(url, batch_id, {})
            journal.finish(run)


def main() -> None:
    """Measure, print a table, then the figures."""
    with tempfile.TemporaryDirectory(prefix="image-intake-bench-") as name:
        home = Path(name)
        few, many = photographs(home / "few", FEW, 1), photographs(home / "many", MANY, 2)
        with deployed() as system:
            uploader = uploader_of(system)
            small, large = uploaded(uploader, few, home), uploaded(uploader, many, home)
        fresh = home / "fresh"
        fresh.mkdir()
        with deployed() as system:
            killed, resumed, stored = killed_and_resumed(system, many, fresh)
            lost, doubled = lost_and_doubled(system, many)
        rerun_seconds = rerun(home / "unchanged")
    table = Table("run", "files", "sent/s", "READY/s", "seconds", "peak MiB", title="imagectl upload")
    for run, measured in {f"{FEW} files": small, f"{MANY} files": large, "after the kill": resumed}.items():
        sent = measured.summary["sentFiles"]
        table.add_row(
            run,
            str(sent),
            f"{sent / measured.summary['sendingSeconds']:.1f}",
            f"{sent / measured.seconds:.1f}",
            f"{measured.seconds:.1f}",
            f"{measured.peak_mib:.1f}",
        )
    Console().print(table)
    print(f"killed after {killed.seconds:.1f} s with {stored} files stored, at {killed.peak_mib:.1f} MiB")
    print(f"figure upload_files_per_second {MANY / large.seconds:.2f}")
    print(f"figure upload_sent_per_second {MANY / large.summary['sendingSeconds']:.2f}")
    print(f"figure upload_memory_ratio {large.peak_mib / small.peak_mib:.3f}")
    print(f"figure upload_lost {lost}")
    print(f"figure upload_doubled {doubled}")
    print(f"figure rerun_50000_seconds {rerun_seconds:.2f}")


if __name__ == "__main__":
    main()
