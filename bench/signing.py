"""What signing costs: `POST /uploads` with 100 files against one with 10, in processor time.

The function is called with events of an HTTP API and writes its rows over HTTP to a table that
another process pretends to be. Calls of both sizes alternate, so that whatever else the machine
does hits both, and their medians are compared.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from contextlib import redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from handlers.api import entry_point
from handlers.contract import routes
from handlers.contract.settings import ApiSettings, variables

_SIZES = (10, 100)
_SETTINGS = {
    "originals_bucket": "originals",
    "variants_bucket": "variants",
    "table_name": "ImageMetadata",
    "quota_table_name": "quotas",
    "uploads_per_hour": 10_000_000,
    "upload_bytes_per_hour": 1024**5,
    "express_per_hour": 30,
    "max_upload_bytes": 50_000_000,
    "pending_hours": 24,
    "url_seconds": 900,
    "old_version_days": 7,
    "api_auth": "iam",
    "admin_principals": (),
    "jwt_issuer": "",
    "sign_in_client_id": "",
    "sign_in_audience": "",
    "kms_key_arn": "",
}
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    # A role's session token is about this long.
    "AWS_SESSION_TOKEN": "t" * 1000,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "image-intake-api",
    "POWERTOOLS_METRICS_NAMESPACE": "ImageIntake",
}


class _Table(BaseHTTPRequestHandler):
    """Takes every BatchWriteItem and reports its number of rows; counts announcements."""

    protocol_version = "HTTP/1.1"
    pipe: Connection

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"Attributes":{"Images":{"N":"100"},"Bytes":{"N":"100"},"Express":{"N":"100"}}}'
        if self.headers["X-Amz-Target"].endswith(".BatchWriteItem"):
            self.pipe.send(body.count(b'"PutRequest"'))
            answer = b'{"UnprocessedItems":{}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(pipe: Connection) -> None:
    _Table.pipe = pipe
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Table)
    pipe.send(server.server_port)
    server.serve_forever()


def _call(files: int, pipe: Connection) -> tuple[float, list[int]]:
    """Announce so many files; returns milliseconds of processor time, and the rows of each write."""
    event = _event(files)
    before = time.process_time()
    answer = entry_point.handler(event, SimpleNamespace(aws_request_id="r"))  # type: ignore[arg-type]
    milliseconds = (time.process_time() - before) * 1000
    assert len([file for file in json.loads(answer["body"])["files"] if "upload" in file]) == files
    writes = []
    while sum(writes) < files:
        writes.append(pipe.recv())
    return milliseconds, writes


def _event(files: int) -> dict[str, Any]:
    file = {"name": "IMG_20260102_030405 (2).jpg", "contentType": "image/jpeg", "bytes": 4_000_000}
    return {
        "routeKey": routes.CREATE_UPLOADS,
        "headers": {"content-type": "application/json"},
        "requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/uploader"}}},
        "body": json.dumps({"files": [file] * files}),
    }


def main() -> None:
    """Measure, print a table and the figures; fail if rows are not written 25 at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="calls of each size")
    calls = parser.parse_args().calls
    pipe, table_pipe = multiprocessing.Pipe()
    multiprocessing.Process(target=_serve, args=[table_pipe], daemon=True).start()
    endpoint = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{pipe.recv()}"}
    os.environ.update({**_ENVIRONMENT, **endpoint, **variables(ApiSettings, None, **_SETTINGS)})
    costs: dict[int, list[float]] = {files: [] for files in _SIZES}
    writes: list[int] = []
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        for _ in range(10):
            _call(_SIZES[0], pipe)
        for _ in range(calls):
            for files in _SIZES:
                cost, writes = _call(files, pipe)
                costs[files].append(cost)
    medians = {files: statistics.median(each) for files, each in costs.items()}
    few, many = medians.values()

    table = Table("files", "ms of processor time", "µs a file", title=f"{calls} calls of each size")
    for files, milliseconds in medians.items():
        table.add_row(str(files), f"{milliseconds:.2f}", f"{milliseconds / files * 1000:.0f}")
    Console().print(table)
    print(f"rows in each write of {_SIZES[1]} files: {writes}")
    assert writes == [25, 25, 25, 25]
    print(f"figure signing_10_ms {few:.3f}")
    print(f"figure signing_100_ms {many:.3f}")
    print(f"figure signing_100_vs_10 {many / few:.2f}")


if __name__ == "__main__":
    main()
