"""Faults between a function and AWS, for the burst alone: Python imports this where it is on the path.

`BURST_FAULTS` is the path of a folder with `settings.json`: `seed`, and `rate`, the share of
requests that fail. Each process takes the next number, and with the seed that decides which of its
requests fail and how. What failed is counted in `counts`. Processes without the variable (the
render process has none) are left alone.
"""

import io
import itertools
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def _answer(status: int, code: str, request: Any) -> Any:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - only where faults are wanted

    if "X-Amz-Target" in request.headers:
        body = json.dumps({"__type": code, "message": "an injected fault"}).encode()
    else:
        body = f"<Error><Code>{code}</Code><Message>an injected fault</Message></Error>".encode()

    class Raw(io.BytesIO):
        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield self.read()

    return AWSResponse(request.url, status, {"content-length": str(len(body))}, Raw(body))


def _install(folder: Path) -> None:
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError  # noqa: PLC0415
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415

    settings = json.loads((folder / "settings.json").read_text())
    for number in itertools.count():
        try:
            (folder / f"process-{number}").mkdir()
        except FileExistsError:
            continue
        break
    chance = random.Random(f"{settings['seed']}-{number}")
    send = URLLib3Session.send

    def send_or_fail(self: Any, request: Any) -> Any:
        if chance.random() >= settings["rate"]:
            return send(self, request)
        target = request.headers.get("X-Amz-Target", "S3")
        service = (target.decode() if isinstance(target, bytes) else target).partition(".")[0]
        kind = chance.choice(["throttled", "internal error", "connection closed", "answer lost"])
        with (folder / "counts").open("a") as counts:
            counts.write(f"{service} {kind}\n")
        if kind == "throttled":
            code = "ThrottlingException" if "X-Amz-Target" in request.headers else "SlowDown"
            return _answer(400 if code == "ThrottlingException" else 503, code, request)
        if kind == "internal error":
            return _answer(500, "InternalError", request)
        if kind == "answer lost":
            send(self, request)
            raise ReadTimeoutError(endpoint_url=request.url)
        raise ConnectionClosedError(endpoint_url=request.url)

    URLLib3Session.send = send_or_fail


if "BURST_FAULTS" in os.environ:
    _install(Path(os.environ["BURST_FAULTS"]))
