"""User-visible text is plain English: the documentation, the help of `imagectl`, and what the API answers."""

import inspect
import re
from pathlib import Path

import pytest
from typer.main import get_command

from handlers.api import problems
from handlers.api.routes import OPERATIONS
from imagectl.app import app

ROOT = Path(__file__).parents[3]

# A pattern, and the plain words for it.
PATTERNS = {
    r"\b(anew|once more)\b": "again, or re-…",
    r"\bmend(s|ed|ing)?\b": "fix, repair",
    r"\b(tells?|told) (others|of|what|whom|once)\b": "publish, notify, report",
    r"\bhears? (of|about|from)\b": "is notified of",
    r"\breckon(s|ed)?\b": "calculate",
    r"\bas of which\b": "per which",
    r"\b(what|whatever) (becomes|became) of\b": "the outcome of",
    r"\bnobody (can be|is) asked\b": "there is no terminal to confirm on",
    r"(?<!there )\b(is|are) no (images?|events?|S3 event|number|key|file|JSON|UTF-8|error)\b": "is not a …",
    r"\blet be\b": "ignored",
    r"\bof (its|their|his|one's) own\b": "its own, separate, dedicated",
    r"\balarms? (rings?|rang)\b": "the alarm is raised",
    r"\b[Ss]ay `?--": "pass --…",
    r"(?<=[.;] )(What|Who|Whom|Whoever) [^.:?!]*\.(?=\s)": "a noun as the subject",
    r"\b(bytes|lines?|policies|layers?|variants|writes) an? (pixel|image|call|preset|function)\b": "per …",
    r"\bat most so (many|much)\b|\bso (often|long)\.$": "the maximum number of …, after this long",
    r"\bpass(es|ed)? over\b": "skip",
    r"\bfor ever\b": "indefinitely",
    r"\btables? of quotas\b": "quota table",
    r"\bfilters? of system calls\b": "system call filter",
}


def help_of(command, path=()):
    yield " ".join(path), command.help or ""
    for parameter in command.params:
        yield f"{' '.join(path)} {parameter.name}", getattr(parameter, "help", None) or ""
    for name, each in getattr(command, "commands", {}).items():
        yield from help_of(each, (*path, name))


TEXTS = {
    **{str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md")},
    **{name: (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "Pulumi.yaml")},
    **{f"imagectl {path}": text for path, text in help_of(get_command(app))},
    **{f"operation {route}": operation.summary for route, (_, operation) in OPERATIONS.items()},
    "problem documents": inspect.getsource(problems),
}


@pytest.mark.parametrize("where", TEXTS)
def test_user_visible_text_is_plain(where):
    found = {
        match[0]: plain
        for pattern, plain in PATTERNS.items()
        for match in re.finditer(pattern, TEXTS[where], re.IGNORECASE | re.MULTILINE)
    }
    assert found == {}
