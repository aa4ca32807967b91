"""A throw-away copy of the project, so that neither its stacks nor its state are touched."""

import shutil
import subprocess
from pathlib import Path

import affected_stacks
from local.system import PROJECT

_LISTED = ("git", "ls-files", "--cached", "--others", "--exclude-standard")


def program_files() -> list[Path]:
    """What a preview of any stack reads, relative to the project: the program and the policy pack."""
    listed = subprocess.run(_LISTED, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    return [
        Path(path)
        for path in listed.stdout.splitlines()
        if affected_stacks.affected([path], ["any"]) and (PROJECT / path).exists()
    ]


def copy_project(folder: Path) -> None:
    """Copy the program to a new `folder`, with `emulated_program.py` in front of it.

    The installed packages and the built archives are the project's own.
    """
    for path in program_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / path, folder / path)
    (folder / "__main__.py").rename(folder / "stack.py")
    shutil.copy(Path(__file__).with_name("emulated_program.py"), folder / "__main__.py")
    (PROJECT / "build").mkdir(exist_ok=True)
    for link, target in ((".venv", ".venv"), ("policies/.venv", ".venv"), ("build", "build")):
        (folder / link).symlink_to(PROJECT / target)
