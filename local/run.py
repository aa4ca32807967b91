"""`make run`: photographs through the whole service, on this machine, from nothing to pictures."""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pulumi

from imagectl.output import Terminal
from local import STARTED, report
from local.deployer import DeploymentError
from local.emulator import EmulatorError
from local.photos import Photo, find_photos
from local.sample_run import Outcome, SampleRunError, process
from local.system import PROJECT, System, deployed

_LOCAL = PROJECT / ".local"
_RESULTS = _LOCAL / "results"


def main() -> int:
    """Run the samples, or the images of a folder; 0 only if every one of them became READY."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--photos", type=Path, default=PROJECT / "local" / "samples", help="a folder of images"
    )
    folder: Path = parser.parse_args().photos
    console = Terminal()
    photos = find_photos(folder) if folder.is_dir() else []
    if not photos:
        console.print(f"there are no images in {folder}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with deployed(log=_LOCAL / "run.log") as system:
            _say(console, f"{len(system.deployment.resources)} resources created in {system.endpoint}")
            for note in system.notes:
                console.print(f"  left out: {note}", style="dim")
            return _process(console, system, photos)
    except (EmulatorError, DeploymentError, pulumi.RunError) as error:
        console.print(*str(error).splitlines(), style="red", sep="\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _process(console: Terminal, system: System, photos: Sequence[Photo]) -> int:
    shutil.rmtree(_RESULTS, ignore_errors=True)
    outcomes: Sequence[Outcome] = []
    try:
        with report.Bar(console, len(photos)) as bar:
            outcomes = process(system.api, photos, _RESULTS, bar.show)
    except SampleRunError as error:
        console.print(str(error), style="red")
    seconds = time.monotonic() - STARTED
    if outcomes:
        summary = report.summary(outcomes, _RESULTS, seconds)
        console.print("", report.table(outcomes), "", summary, sep="\n", soft_wrap=False)
    if outcomes and all(outcome.status == "READY" for outcome in outcomes):
        return 0
    console.print(*report.logs(system), sep="\n")
    return 1


def _say(console: Terminal, sentence: str) -> None:
    console.print(f"{time.monotonic() - STARTED:5.1f} s  {sentence}")


if __name__ == "__main__":
    sys.exit(main())
