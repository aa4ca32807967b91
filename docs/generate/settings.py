"""Writes the tables of settings in `docs/settings.md` and `README.md`, from the files of the stacks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from docs.generate.sections import marked

_ROOT: Final = Path(__file__).parents[2]
_STACKS: Final = ("dev", "prod")
_BEGIN: Final = "<!-- settings: written by `make settings` -->\n"
_END: Final = "<!-- /settings -->"
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

Set with `pulumi config set KEY VALUE`; `Pulumi.yaml` declares them, `Pulumi.dev.yaml` and
`Pulumi.prod.yaml` set some differently. This page is written from these files by `make settings`.

Values that do not fit are refused before the first resource is touched, with a sentence that names
key, value and bound; so are values that do not fit together.
"""

Settings = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Write both files."""
    (_ROOT / "docs" / "settings.md").write_text(page(), "utf-8")
    readme = _ROOT / "README.md"
    readme.write_text(with_table(readme.read_text("utf-8")), "utf-8")


def page() -> str:
    """The text of `docs/settings.md`: every setting."""
    return f"{_INTRODUCTION}\n{_table(_declared())}"


def with_table(readme: str) -> str:
    """The README with the settings that most stacks look at between its markers.

    Raises ValueError if it has no markers.
    """
    return marked(readme, _BEGIN, _END, _table(_MOST_LOOKED_AT))


def _declared() -> Settings:
    declared: Settings = yaml.safe_load((_ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    return declared


def _of_stack(stack: str) -> Mapping[str, Any]:
    config = yaml.safe_load((_ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key.partition(":")[2]: value for key, value in config.items()}


def _table(keys: Iterable[str]) -> str:
    declared = _declared()
    stacks = [_of_stack(stack) for stack in _STACKS]
    rows = [
        ["key", "default", *_STACKS, "what it changes"],
        ["---"] * (3 + len(_STACKS)),
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
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "<br>".join(_value(item) for item in value) or "none"
    return f"`{_escaped(str(value))}`" if value != "" else "none"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
