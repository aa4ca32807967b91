"""The version before this one, from its archive beside this file (docs/upgrading.md)."""

import pickle
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pulumi.runtime.mocks import Mocks

from local.evaluation import URNS, Deployment
from local.program import load_config, project_file

_FOLDER: Final = Path(__file__).parent


def extract(folder: Path) -> Path:
    """Extract the version before into a folder, and return that."""
    with tarfile.open(_FOLDER / "version_before.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def run_version_before(
    root: Path, stack: str, mocks: Mocks, overrides: Mapping[str, str] | None = None
) -> Deployment:
    """Evaluate the program in `root` in a process of its own; as `local.program.run_program` does otherwise.

    `overrides` that it has no key for are an error, as in every version. Raises what the mocks raised, and
    CalledProcessError for what the program raised.
    """
    config = {**load_config(root, stack), **(overrides or {})}
    evaluation = {"project": project_file(root)["name"], "stack": stack, "config": config}
    command = [sys.executable, str(_FOLDER / "evaluate.py"), str(root)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump(evaluation, process.stdin)
            process.stdin.flush()
            while True:
                try:
                    what, *message = pickle.load(process.stdout)
                except EOFError:
                    raise subprocess.CalledProcessError(process.wait(), command) from None
                if what == "deployment":
                    [deployment] = message
                    assert isinstance(deployment, Deployment)
                    return deployment
                urns, resource = message
                URNS.set(urns)
                pickle.dump(mocks.new_resource(resource), process.stdin)
                process.stdin.flush()
        except BaseException:
            process.kill()
            raise
