"""The wire between the browser and the service, which can be cut.

A browser's own emulation of being offline lets an upload that has begun come to its end.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LOOPBACK = "127.0.0.1"


class Wire:
    """Carries the TCP connections to `port` on to another port of this machine."""

    def __init__(self, service_port: int) -> None:
        self._service = (_LOOPBACK, service_port)
        self._cut = False
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection in the middle of whatever it carries; no new one comes about."""
        self._cut = True
        for end in list(self._ends):
            _close(end)

    def mend(self) -> None:
        """Carry connections again."""
        self._cut = False

    def close(self) -> None:
        """Cut the wire for good."""
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                if self._cut:
                    _close(browser)
                    continue
                service = socket.create_connection(self._service)
                self._ends |= {browser, service}
                for ends in ((browser, service), (service, browser)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # closed by either side, or cut
            while data := source.recv(64 * 1024):
                target.sendall(data)
        _close(source)
        _close(target)
        self._ends -= {source, target}


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wire_to(service_port: int) -> Iterator[Wire]:
    """A wire to a port of this machine, for the duration of the block."""
    wire = Wire(service_port)
    try:
        yield wire
    finally:
        wire.close()
