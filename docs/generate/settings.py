"""The tables of settings in `docs/settings.md` and `README.md`, from the files of the stacks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from docs.generate.sections import DOCS, table, with_section

_STACKS: Final = ("dev", "prod")
_MOST_LOOKED_AT: Final = (
    "presets",
    "maxUploadBytes",
    "maxPixels",
    "maxConcurrency",
    "apiAuth",
    "corsOrigins",
    "alarmEmails",
    "protect",
)
_INTRODUCTION: Final = """\
# Settings

Set with `pulumi config set KEY VALUE`, and lists with `pulumi config set --path 'KEY[0]' VALUE`, `'KEY[1]'`
and so on: setting one item replaces the whole default list. `Pulumi.yaml` declares them, `Pulumi.dev.yaml`
and `Pulumi.prod.yaml` set some differently. This page is written from these files by `make docs`.

Values that do not fit are refused before the first resource is touched, with a sentence that names
key, value and bound; so are values that do not fit together.
"""

Settings = Mapping[str, Mapping[str, Any]]


def documents() -> dict[Path, str]:
    """`docs/settings.md` with every setting, and the README with those that most stacks look at."""
    readme = DOCS.parent / "README.md"
    return {
        DOCS / "settings.md": f"{_INTRODUCTION}\n{_table(_declared())}",
        readme: with_section(readme.read_text("utf-8"), "settings", _table(_MOST_LOOKED_AT)),
    }


def _declared() -> Settings:
    declared: Settings = yaml.safe_load((DOCS.parent / "Pulumi.yaml").read_text("utf-8"))["config"]
    return {key: schema for key, schema in declared.items() if ":" not in key}


def _of_stack(stack: str) -> Mapping[str, Any]:
    config = yaml.safe_load((DOCS.parent / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key.partition(":")[2]: value for key, value in config.items()}


def _table(keys: Iterable[str]) -> str:
    declared = _declared()
    stacks = [_of_stack(stack) for stack in _STACKS]
    rows = [
        ["key", "default", *_STACKS, "what it changes"],
        *(
            [
                f"`{key}`",
                _value(declared[key]["default"]),
                *(_value(stack[key]) if key in stack else "" for stack in stacks),
                _escaped(declared[key]["description"]),
            ]
            for key in keys
        ),
    ]
    return table(rows)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "<br>".join(_value(item) for item in value) or "none"
    return f"`{_escaped(str(value))}`" if value != "" else "none"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
