"""S3 and DynamoDB as far as one message batch needs them, in a process that costs next to nothing.

    python -m bench.batch.stub FOLDER

Prints its port. Every original is a file of FOLDER; what is written is read and forgotten, no row
is ever found, and every condition holds.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ETAG = "0123456789abcdef0123456789abcdef"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    files: dict[str, bytes]

    def do_GET(self) -> None:
        self._answer(self.files[self.path.rpartition("/")[2]])

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_PUT(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("ETag", f'"{ETAG}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until the process is ended."""
    _Handler.files = {path.name: path.read_bytes() for path in Path(sys.argv[1]).iterdir()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
