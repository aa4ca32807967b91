"""Lambda's Runtime API on loopback, for one function at a time.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Three times what the slowest of the functions takes to start and answer on two busy cores.
_TIMEOUT_SECONDS = 240


class RuntimeApi:
    """Hands events to the runtime client that asks for them, and takes its answers."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                identifier, event = api._events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", identifier)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(round((time.time() + 100) * 1000)))
                self.send_header(
                    "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:1:function:f"
                )
                # The client's native part does not check whether it is there.
                self.send_header("Content-Type", "application/json")
                body = json.dumps(event).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api._answers.put((self.path.rpartition("/")[2], json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: Any) -> Any:
        """The function's response to an event. Raises AssertionError if it ended with an error."""
        self._events.put((f"request-{time.monotonic_ns()}", event))
        kind, answer = self._answers.get(timeout=_TIMEOUT_SECONDS)
        assert kind == "response", answer
        return answer


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """Serve for the length of the block."""
    api = RuntimeApi()
    thread = threading.Thread(target=api._server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api._server.shutdown()
        api._server.server_close()
        thread.join()
