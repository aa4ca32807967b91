"""Which stacks a change concerns: changed paths on standard input, a JSON list on standard output."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What `pulumi preview` reads, in every stack. A function's layer is built from the requirements that are
# named after its folder; the resize function has another one.
_LAYERS = "|".join([*(path.parent.name for path in ROOT.glob("handlers/*/entry_point.py")), "vector"])
_PROGRAM = re.compile(
    r"(components|handlers|policies|pricing|\.github/actions/pulumi)/"
    rf"|(__main__\.py|Pulumi\.yaml|requirements\.txt|requirements/({_LAYERS})\.txt"
    r"|\.github/workflows/preview\.yml)$"
)
_STACK = re.compile(r"Pulumi\.([^./]+)\.yaml")


def affected(paths: Iterable[str], stacks: Iterable[str]) -> list[str]:
    """Those of `stacks` whose preview can differ after a change of `paths` (relative to the project)."""
    changed = list(paths)
    if any(_PROGRAM.match(path) for path in changed):
        return sorted(stacks)
    named = {found[1] for path in changed if (found := _STACK.fullmatch(path))}
    return sorted(named & set(stacks))


if __name__ == "__main__":
    known = [path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")]
    print(json.dumps(affected(sys.stdin.read().splitlines(), known)))
