"""The image service as its HTTP contract says, in memory, with failures on demand.

An image is READY at once, unless its bytes begin with `bad` (REJECTED), `lost` (FAILED) or `slow`
(which stays PENDING).
"""

import base64
import hashlib
import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

EXPIRED = (
    b"<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>"
)
WRONG_DIGEST = b"<Error><Code>BadDigest</Code><Message>The SHA256 did not match.</Message></Error>"
QUOTA = {
    "type": "urn:image-intake:problem:quota-exceeded",
    "title": "The quota of this hour is used up.",
    "status": 429,
    "limit": 12_345,
    "resetsAt": "2026-01-02T04:00:00.000Z",
}
TYPES = {"image/jpeg", "image/png", "image/webp"}


class UsedUp(Exception):
    """The caller may announce no more for now."""


class FakeService:
    """What the tests look at and turn: `failures` maps a kind of call to answers it gives first.

    `room` is how many images may still be announced; once that is refused, the next hour begins,
    with the next number of `rooms`.
    """

    def __init__(self) -> None:
        self.images: dict[str, dict] = {}
        self.stored: dict[str, bytes] = {}
        self.posts: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.failures: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        self.headers: list[dict[str, str]] = []
        self.policy_seconds = 900
        self.room = 1_000_000
        self.rooms: list[int] = []
        self.retry_after = 0
        self.asked_lanes: list[str | None] = []
        self.quota = {
            "images": {"limit": 100_000, "used": 0, "resetsAt": QUOTA["resetsAt"]},
            "bytes": {"limit": 2_000_000_000_000, "used": 0, "resetsAt": QUOTA["resetsAt"]},
            "express": {"limit": 30, "used": 0, "resetsAt": QUOTA["resetsAt"]},
        }
        self.rendering = True
        self.before_storing: Callable[[str], None] = lambda image_id: None
        self.lock = threading.RLock()
        self.url = ""

    def announce(self, body: dict) -> dict:
        files = [self._announced(file, body["batchId"]) for file in body["files"]]
        if all(file.get("error") == QUOTA for file in files):
            self.room = self.rooms.pop(0) if self.rooms else 0
            raise UsedUp
        return {"batchId": body["batchId"], "files": files}

    def _announced(self, file: dict, batch_id: str) -> dict:
        if file["contentType"] not in TYPES:
            problem = {"type": "urn:image-intake:problem:unsupported-content-type", "status": 415}
            return {"error": problem | {"title": "The content type is not accepted."}}
        image_id = file.get("imageId")
        if image_id:
            if image_id not in self.images:
                problem = {"type": "urn:image-intake:problem:unknown-image", "title": "No such image."}
                return {"error": problem | {"status": 404}}
            if self.images[image_id]["status"] != "PENDING":
                problem = {"type": "urn:image-intake:problem:not-pending", "title": "Not PENDING."}
                return {"error": problem | {"status": 409}}
        elif not self.room:
            return {"error": QUOTA}
        else:
            self.room -= 1
            self.asked_lanes.append(file.get("lane"))
            image_id = str(uuid4())
            self.images[image_id] = {
                "imageId": image_id,
                "status": "PENDING",
                "fileName": file["name"],
                "contentType": file["contentType"],
                "batchId": batch_id,
                "createdAt": datetime.now(UTC).isoformat(),
            }
        expires = datetime.now(UTC) + timedelta(seconds=self.policy_seconds)
        fields = {
            "Content-Type": file["contentType"],
            "key": f"uploads/{image_id}",
            "x-amz-checksum-sha256": file["sha256"],
            "x-expires": expires.isoformat(),
        }
        upload = {"url": f"{self.url}/s3", "fields": fields, "expiresAt": expires.isoformat()}
        return {"imageId": image_id, "location": f"/images/{image_id}", "upload": upload}

    def store(self, fields: dict[str, bytes]) -> tuple[int, bytes]:
        image_id = fields["key"].decode().removeprefix("uploads/")
        self.before_storing(image_id)
        with self.lock:
            if datetime.fromisoformat(fields["x-expires"].decode()) <= datetime.now(UTC):
                return 403, EXPIRED
            digest = base64.b64encode(hashlib.sha256(fields["file"]).digest())
            if digest != fields["x-amz-checksum-sha256"]:
                return 400, WRONG_DIGEST
            self.posts[image_id] += 1
            self.stored[image_id] = fields["file"]
            if self.rendering and not fields["file"].startswith(b"slow"):
                self.render(image_id)
            return 204, b""

    def render(self, image_id: str) -> None:
        data, image = self.stored[image_id], self.images[image_id]
        if data.startswith(b"bad"):
            image |= {"status": "REJECTED", "reason": "NotAnImage"}
        elif data.startswith(b"raw"):
            image |= {"status": "REJECTED", "reason": "RawNotSupported"}
        elif data.startswith(b"lost"):
            image |= {"status": "FAILED", "reason": "OutOfMemory"}
        else:
            variant = {"url": f"{self.url}/variants/{image_id}", "width": 2, "height": 1, "bytes": len(data)}
            image |= {"status": "READY", "variants": {"thumbnail": variant | {"contentType": "image/jpeg"}}}

    def batch(self, batch_id: str) -> dict | None:
        images = [image for image in self.images.values() if image["batchId"] == batch_id]
        if not images:
            return None
        counts = dict.fromkeys(("PENDING", "READY", "REJECTED", "FAILED"), 0)
        for image in images:
            counts[image["status"]] += 1
        failures = [image for image in images if image["status"] in {"REJECTED", "FAILED"}][:100]
        done = not counts["PENDING"]
        return {
            "batchId": batch_id,
            "total": len(images),
            "counts": counts,
            "done": done,
            "failures": failures,
        }

    def listed(self, query: dict[str, str]) -> dict:
        images = [i for i in reversed(self.images.values()) if query.get("status") in {None, i["status"]}]
        start = int(query.get("cursor", 0))
        end = start + min(int(query.get("limit", 50)), 2)
        return {"images": images[start:end]} | ({"cursor": str(end)} if end < len(images) else {})

    def contents(self) -> Counter[bytes]:
        """How many images there are of each content."""
        return Counter(self.stored.values())


@contextmanager
def serving() -> Iterator[FakeService]:
    """A fake service on a free port of loopback."""
    service = FakeService()

    class Handler(_Handler):
        fake = service

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that are killed close their connections
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeService
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def _serve(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = f"{self.command} /{path.split('/')[1]}" + ("/{}" if path.count("/") > 1 else "")
        with self.fake.lock:
            self.fake.calls[kind] += 1
            self.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            if self.fake.failures[kind]:
                status, answer = self.fake.failures[kind].pop(0)
                if not status:
                    self.close_connection = True
                    return
                self._answer(status, answer)
                return
        if kind == "POST /s3":
            self._answer(*self.fake.store(_form(body, self.headers["Content-Type"])))
            return
        with self.fake.lock:
            try:
                status, document = self._document(kind, unquote(path), query, body)
            except UsedUp:
                retry = {"Content-Type": "application/problem+json", "Retry-After": self.fake.retry_after}
                self._answer(429, json.dumps(QUOTA).encode(), retry)
                return
        self._answer(status, document if isinstance(document, bytes) else json.dumps(document).encode())

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _document(self, kind: str, path: str, query: str, body: bytes) -> tuple[int, object]:
        fake = self.fake
        last = path.split("/", 2)[-1]
        routes: dict[str, Callable[[], object]] = {
            "POST /uploads": lambda: fake.announce(json.loads(body)),
            "GET /quota": lambda: fake.quota,
            "GET /images": lambda: fake.listed({name: values[0] for name, values in parse_qs(query).items()}),
            "GET /images/{}": lambda: fake.images.get(last),
            "GET /batches/{}": lambda: fake.batch(last),
            "GET /variants/{}": lambda: fake.stored.get(last),
        }
        if kind == "DELETE /images/{}":
            fake.images.pop(last, None)
            return 204, b""
        document = routes[kind]() if kind in routes else None
        if document is not None:
            return 200, document
        what = "batch" if "batches" in kind else "image"
        return 404, {"type": f"urn:image-intake:problem:unknown-{what}", "title": "There is none."}

    def _answer(self, status: int, body: bytes, headers: Mapping[str, object] = MappingProxyType({})) -> None:
        self.send_response_only(status)
        self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def _form(body: bytes, content_type: str) -> dict[str, bytes]:
    boundary = content_type.partition("boundary=")[2].encode()
    fields = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        [name] = re.findall(rb'name="([^"]*)"', head)[:1]
        fields[name.decode()] = value.removesuffix(b"\r\n")
    return fields
