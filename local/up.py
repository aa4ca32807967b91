"""`make up`: the whole system on this machine until it is interrupted; `make down` does so too."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi

from local import kept, outputs_file
from local.configuration import ConfigurationError, configured
from local.deployer import DeploymentError
from local.emulator import EmulatorError
from local.identity_provider import IdentityProviderError, identity_provider
from local.process_lock import AlreadyRunning, ProcessLock, stop, taken
from local.system import PROJECT, System, deployed
from local.usage import usage

_LOCAL = PROJECT / ".local"
_PLACE = _LOCAL / "up.lock"
_OUTPUTS = _LOCAL / "outputs.json"
_KEPT = _LOCAL / "kept"
_STACK = "dev"


def main() -> int:
    """Start or stop the system of this checkout."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", help="a port on loopback; a free one is found without it")
    parser.add_argument("--config", type=Path, help=f"a stack file in place of Pulumi.{_STACK}.yaml")
    parser.add_argument("--set", default="", help="settings that win over the file: 'page=true apiAuth=none'")
    parser.add_argument(
        "--auth", choices=["jwt"], help="serve the page, where people sign in at a provider on this machine"
    )
    parser.add_argument("--keep", action="store_true", help="go on with the data of the last such run")
    parser.add_argument("--down", action="store_true", help="stop the system that is up")
    arguments = parser.parse_args()
    if arguments.down:
        return _down()
    try:
        port = _port(arguments.port)
        config = configured(PROJECT, _STACK, file=arguments.config, settings=arguments.set)
    except (ConfigurationError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 2
    return _up(port, config, auth=arguments.auth, keep=arguments.keep)


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigurationError(f"PORT: '{text}' is not a port, a number from 1 to 65535.")
    return int(text)


def _up(port: int | None, config: Mapping[str, str], *, auth: str | None, keep: bool) -> int:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    started = time.monotonic()
    end = ""
    try:
        with (
            taken(_PLACE) as lock,
            _sign_in(auth) as sign_in,
            deployed(
                PROJECT, _STACK, config={**config, **sign_in}, log=_LOCAL / "up.log", port=port
            ) as system,
        ):
            lock.write(endpointUrl=system.endpoint)
            restored = kept.restore(system, _KEPT) if keep else 0
            try:
                _announce(system, time.monotonic() - started, restored, auth=auth)
                threading.Event().wait()
            finally:
                _OUTPUTS.unlink(missing_ok=True)
                end = _end(system, lock, keep=keep)
    except AlreadyRunning as running:
        at = running.facts.get("endpointUrl", "a port that it is still looking for")
        print(f"already up at {at}, process {running.facts.get('pid')}; `make down` stops it")
        return 1
    except (EmulatorError, IdentityProviderError, DeploymentError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"stopped; {end}" if end else "stopped")
    return 0


@contextmanager
def _sign_in(auth: str | None) -> Iterator[Mapping[str, Any]]:
    """What wins over the configuration with `auth`: a provider, and the page that signs people in at it."""
    if auth is None:
        yield {}
        return
    with identity_provider() as provider:
        yield provider.config


def _end(system: System, lock: ProcessLock, *, keep: bool) -> str:
    """Keep or count what the system holds, and say what becomes of it."""
    count = kept.images(system)
    images = f"{count} image{'' if count == 1 else 's'}"
    if keep:
        kept.save(system, _KEPT)
        end = f"kept {images} in {os.path.relpath(_KEPT)}; `make up KEEP=1` goes on with them"
    else:
        end = f"discarded {images}; `make up KEEP=1` keeps them"
    lock.write(endpointUrl=system.endpoint, end=end)
    return end


def _down() -> int:
    try:
        stopped = stop(_PLACE)
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    _OUTPUTS.unlink(missing_ok=True)  # of a process that was killed
    if stopped is None:
        print("nothing is up")
    else:
        print("; ".join(filter(None, (f"stopped process {stopped['pid']}", stopped.get("end")))))
    return 0


def _announce(system: System, seconds: float, restored: int, *, auth: str | None) -> None:
    document = outputs_file.documented(system)
    outputs_file.write(_OUTPUTS, document)
    print(f"up at {system.endpoint} after {seconds:.1f} s, outputs in {os.path.relpath(_OUTPUTS)}")
    if restored:
        print(f"images of earlier runs: {restored}")
    if system.settings["page"] == "true":
        how = ", where any name signs in" if auth else ""
        print(f"upload page: {document['apiUrl'].rstrip('/')}/{how}")
    for note in system.notes:
        print(f"  left out: {note}")
    here = {"outputs": os.path.relpath(_OUTPUTS), "python": os.path.relpath(sys.executable)}
    text = usage(document, auth=system.settings["apiAuth"], **here)
    print(f"\n{text}\nCtrl-C, or `make down` from another terminal, stops it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
