"""The defaults of the configuration, which stand in this project's `Pulumi.yaml` alone."""

import json
from functools import cache
from typing import Any

import yaml

from components.bundle import ROOT


@cache
def default_texts() -> dict[str, str]:
    """The default of each configuration key, as the CLI passes it.

    The CLI fills them in for this project; a program of another project, that only places a
    pipeline, has its own `Pulumi.yaml` without them.
    """
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    return {key: as_text(schema["default"]) for key, schema in declared.items() if ":" not in key}


def as_text(value: Any) -> str:
    """A value of YAML as the CLI passes it to a program: lists and maps as JSON.

    https://www.pulumi.com/docs/iac/concepts/config/
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)
