"""Run the Pulumi program of this project without an engine.

`load_config` reads what the CLI would hand to the program, `run_program` evaluates
`__main__.py` against any `pulumi.runtime.Mocks` and waits for everything it started.
"""

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime.mocks import Mocks

from components.config.defaults import as_text
from components.config.pipeline_config import SECRETS
from local.evaluation import Deployment, RegisteredResource, evaluate

__all__ = ["Deployment", "RegisteredResource", "load_config", "project_file", "run_program"]


def project_file(root: Path) -> dict[str, Any]:
    """The `Pulumi.yaml` of a project."""
    project: dict[str, Any] = yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8"))
    return project


def load_config(root: Path, stack: str) -> dict[str, str]:
    """The configuration of a stack as the CLI passes it: full key → text.

    The stack file wins over the defaults and values of `Pulumi.yaml`; lists and maps travel as
    JSON (https://www.pulumi.com/docs/iac/concepts/config/). Raises FileNotFoundError if there is
    no such stack file, ValueError if neither file gives a value to a declared key.
    """
    project = project_file(root)
    settings = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text("utf-8")) or {}
    values = settings.get("config") or {}
    merged: dict[str, Any] = {}
    for key, declared in (project.get("config") or {}).items():
        full_key = key if ":" in key else f"{project['name']}:{key}"
        default = declared
        if isinstance(declared, dict):
            default = declared.get("value", declared.get("default"))
        if default is None and full_key not in values:
            raise ValueError(f"stack {stack} gives no value to {full_key}, which has no default")
        merged[full_key] = default
    return {key: as_text(value) for key, value in (merged | values).items()}


def run_program(
    root: Path,
    stack: str,
    mocks: Mocks,
    overrides: Mapping[str, str] | None = None,
    *,
    preview: bool = False,
    encrypted: bool = True,
) -> Deployment:
    """Evaluate `__main__.py` and wait until every registration and output is settled.

    `overrides` are full keys (`image-intake:batchSize`) with values as the CLI passes them; those of
    secrets count as `encrypted`. The dependency layers are not built: no mock needs their bytes. Raises
    what the program or the mocks raised. Evaluations are independent of each other, in one process too.
    """
    config = {**load_config(root, stack), **(overrides or {})}
    project = project_file(root)["name"]
    secrets = [f"{project}:{key}" for key in SECRETS] if encrypted else []
    return evaluate(
        lambda: _execute(root), mocks, project, stack, config, preview=preview, secret_keys=secrets
    )


def _execute(root: Path) -> None:
    # The CLI's language host runs the program from its own folder, which is first on the path.
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    runpy.run_path(str(root / "__main__.py"), run_name="__main__")
