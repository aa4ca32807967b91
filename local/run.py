"""`make run`: photographs through the whole service, on this machine, from nothing to pictures."""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

import httpx
import pulumi

from imagectl.api_client import Service
from imagectl.errors import CannotContinue
from imagectl.output import Terminal
from imagectl.upload.summary import NOT_UPLOADED
from local import STARTED, report
from local.api_client import signed
from local.deployer import DeploymentError
from local.emulator import EmulatorError
from local.sample_run import Photograph, has_photographs, process
from local.system import PROJECT, System, deployed

_LOCAL = PROJECT / ".local"
_RESULTS = _LOCAL / "results"
# The reason of such an outcome is the file, and stands in the report: logs would add nothing.
_EXPLAINED = ("READY", "REJECTED", NOT_UPLOADED)


def main() -> int:
    """Run the samples, or the images of a folder; 0 only if every one of them became READY."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--photos", type=Path, default=PROJECT / "local" / "samples", help="a folder of images"
    )
    folder: Path = parser.parse_args().photos
    console = Terminal()
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "not there"
        console.print(f"{folder} is {kind}; PHOTOS names a folder of images")
        return 2
    if not has_photographs(folder):
        console.print(f"there are no images in {folder}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with deployed(log=_LOCAL / "run.log") as system:
            _say(console, f"{len(system.deployment.resources)} resources created in {system.endpoint}")
            for note in system.notes:
                console.print(f"  left out: {note}", style="dim")
            return _process(console, system, folder)
    except (EmulatorError, DeploymentError, pulumi.RunError) as error:
        console.print(*str(error).splitlines(), style="red", sep="\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _process(console: Terminal, system: System, folder: Path) -> int:
    shutil.rmtree(_RESULTS, ignore_errors=True)
    photographs: list[Photograph] = []
    api = system.api
    try:
        with httpx.Client(auth=signed(system.uploader, system.region)) as http:
            photographs = process(Service(http, api.url), folder, _RESULTS)
    except (CannotContinue, httpx.HTTPError) as error:
        console.print(str(error), style="red")
    seconds = time.monotonic() - STARTED
    if photographs:
        summary = report.summary(photographs, _RESULTS, seconds)
        console.print("", report.table(photographs), "", sep="\n", soft_wrap=False)
        console.print(report.ids(photographs), "", summary, sep="\n")
    if photographs and all(each.status == "READY" for each in photographs):
        return 0
    if not all(each.status in _EXPLAINED for each in photographs) or not photographs:
        console.print(*report.logs(system), sep="\n")
    return 1


def _say(console: Terminal, sentence: str) -> None:
    console.print(f"{time.monotonic() - STARTED:5.1f} s  {sentence}")


if __name__ == "__main__":
    sys.exit(main())
