"""`make up`: the whole system on this machine until it is interrupted; `make down` does so too."""

import argparse
import os
import signal
import sys
import threading
import time

import pulumi

from local import outputs_file
from local.deployer import DeploymentError
from local.emulator import EmulatorError
from local.process_lock import AlreadyRunning, stop, taken
from local.system import PROJECT, System, deployed
from local.usage import usage

_LOCAL = PROJECT / ".local"
_PLACE = _LOCAL / "up.lock"
_OUTPUTS = _LOCAL / "outputs.json"


def main() -> int:
    """Start or stop the system of this checkout."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", type=int, help="a port on loopback; a free one is found without it")
    parser.add_argument("--down", action="store_true", help="stop the system that is up")
    arguments = parser.parse_args()
    return _down() if arguments.down else _up(arguments.port)


def _up(port: int | None) -> int:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    started = time.monotonic()
    try:
        with taken(_PLACE) as lock, deployed(log=_LOCAL / "up.log", port=port) as system:
            lock.write(endpointUrl=system.endpoint)
            try:
                _announce(system, time.monotonic() - started)
                threading.Event().wait()
            finally:
                _OUTPUTS.unlink(missing_ok=True)
    except AlreadyRunning as running:
        at = running.facts.get("endpointUrl", "a port that it is still looking for")
        print(f"already up at {at}, process {running.facts.get('pid')}; `make down` stops it")
        return 1
    except (EmulatorError, DeploymentError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped")
    return 0


def _down() -> int:
    stopped = stop(_PLACE)
    _OUTPUTS.unlink(missing_ok=True)  # of a process that was killed
    print("nothing is up" if stopped is None else f"stopped process {stopped}")
    return 0


def _announce(system: System, seconds: float) -> None:
    document = outputs_file.documented(system)
    outputs_file.write(_OUTPUTS, document)
    print(f"up at {system.endpoint} after {seconds:.1f} s, outputs in {os.path.relpath(_OUTPUTS)}")
    for note in system.notes:
        print(f"  left out: {note}")
    here = {"outputs": os.path.relpath(_OUTPUTS), "python": os.path.relpath(sys.executable)}
    print(f"\n{usage(document, **here)}\nCtrl-C, or `make down` from another terminal, stops it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
