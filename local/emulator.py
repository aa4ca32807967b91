"""The AWS emulator as a child process on a loopback port, with IAM enforced."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.isolation import LOOPBACK, child_environment

_PROJECT = Path(__file__).parents[1]
_READY_SECONDS = 30
_STARTS = 3  # another process may take a free port between our finding it and the emulator's binding it


class EmulatorError(Exception):
    """The emulator did not start; the message holds the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator.

    `log` is the file its own output goes to, `certificate` the one that its TLS endpoint shows.
    """

    endpoint: str
    region: str
    log: Path
    certificate: Path | None


@contextmanager
def emulator(
    *, region: str, log: Path | None = None, port: int | None = None, tls: bool = False
) -> Iterator[Emulator]:
    """Run the emulator for the duration of the block, empty, on `port` or on any free one.

    Its output goes to `log`, or to a file that is gone with it. With `tls` (needs the `openssl`
    command) it speaks HTTPS with a self-signed certificate. Raises EmulatorError if it cannot be
    started, for example because `port` is taken.
    """
    for start in range(_STARTS):
        chosen = port or free_port()
        if port and (why := _refusal(port)):
            raise EmulatorError(f"port {port} {why}; choose another one, or none to get a free one")
        directory = Path(tempfile.mkdtemp(prefix="image-intake-"))
        running = Emulator(
            endpoint=f"{'https' if tls else 'http'}://{LOOPBACK}:{chosen}",
            region=region,
            log=log or directory / "emulator.log",
            certificate=directory / "ministack-tls" / "server.crt" if tls else None,
        )
        with _process(running, directory, chosen) as process:
            if _became_ready(process, running.endpoint):
                yield running
                return
            if start == _STARTS - 1:
                end = "\n".join(running.log.read_text(errors="replace").splitlines()[-15:])
                raise EmulatorError(f"the emulator did not become ready on port {chosen}:\n{end}")


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _refusal(port: int) -> str:
    """Why a port cannot be used; empty if it can."""
    with socket.socket() as probe:
        # As a server does: connections of an earlier one that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            return "is for the administrator of this machine"
        except OSError:
            return "is taken"
    return ""


@contextmanager
def _process(emulator: Emulator, directory: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "AUTH": "true",
        "MINISTACK_REGION": emulator.region,
        "USE_SSL": "1" if emulator.certificate else "0",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "HOME": str(directory),
        "TMPDIR": str(directory),
    }
    emulator.log.parent.mkdir(parents=True, exist_ok=True)
    with emulator.log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "local.emulator_process", directory],
            cwd=_PROJECT,
            env=child_environment(os.environ, settings),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own process group: an interrupt in the terminal reaches us alone, and the
            # functions that the emulator started end with it.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # It holds nothing worth an orderly end, which would take a second.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin
        process.stdin.close()
        shutil.rmtree(directory, ignore_errors=True)


def _became_ready(process: subprocess.Popen[bytes], endpoint: str) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    # Its certificate may not be written yet, and nothing is read here but whether it answers.
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    loopback = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anyone)
    )
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        with (
            suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            loopback.open(f"{endpoint}/_ministack/ready", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
    return False
