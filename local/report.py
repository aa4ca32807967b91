"""The printed report of a sample run."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from imagectl.output import shown
from local.sample_run import Photograph
from local.system import System

_COLOURS = {"READY": "green", "PENDING": "yellow"}
_LOG_LINES = 20
# What Lambda and the embedded metrics add to a function's own log lines.
_PLATFORM_LINES = ("START ", "END ", "REPORT ", '{"_aws"')


def table(outcomes: Sequence[Photograph]) -> RenderableType:
    """One row per photograph: status, each variant's pixels and bytes, milliseconds to READY."""
    presets = list(dict.fromkeys(preset for outcome in outcomes for preset in outcome.variants))
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("file", no_wrap=True)
    grid.add_column("status")
    for preset in presets:
        grid.add_column(shown(preset), justify="right", no_wrap=True)
    grid.add_column("ms to\nREADY", justify="right", no_wrap=True)
    for outcome in outcomes:
        grid.add_row(
            shown(outcome.name),
            Text(shown(outcome.status), _COLOURS.get(outcome.status, "red")),
            *(_variant(outcome, preset) for preset in presets),
            str(outcome.milliseconds) if outcome.status == "READY" else "",
        )
    return grid


def ids(outcomes: Sequence[Photograph]) -> RenderableType:
    """The ImageID of each photograph, in one piece however narrow the terminal is."""
    width = max(len(shown(outcome.name)) for outcome in outcomes)
    lines = [f"{shown(outcome.name):<{width}}  {shown(outcome.image_id)}" for outcome in outcomes]
    return Group(*(Text(line, overflow="ignore", no_wrap=True) for line in lines if line))


def summary(outcomes: Sequence[Photograph], results: Path, seconds: float) -> RenderableType:
    """Why photographs are not READY, how many have each status, and where the variants are."""
    reasons = [f"{each.name}: {each.reason}" for each in outcomes if each.reason]
    counted = Counter(outcome.status for outcome in outcomes)
    ended = ", ".join(f"{count} {status}" for status, count in counted.items())
    return Group(
        *(Text(shown(reason)) for reason in reasons),
        Text(f"{shown(ended)}, {seconds:.1f} s after the dependencies were installed"),
        Text(f"variants: {os.path.relpath(results)}/<file>/<preset>.<extension>"),
    )


def logs(system: System) -> list[str]:
    """The last lines that each function logged, and where the emulator's own log is."""
    lines = []
    for output in ("apiFunctionName", "resizeFunctionName", "publishFunctionName"):
        function = system.outputs[output]
        written = [line for line in system.logs(function) if not line.startswith(_PLATFORM_LINES)]
        lines += [f"last lines of {function}:", *written[-_LOG_LINES:], ""]
    lines.append(f"log of the emulator: {os.path.relpath(system.emulator.log)}")
    return lines


def _variant(outcome: Photograph, preset: str) -> str:
    variant = outcome.variants.get(preset)
    if not variant:
        return ""
    return f"{variant['width']}x{variant['height']}\n{variant['bytes'] / 1024:.0f} KiB"
