"""The licences of all installed packages."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from audit import TOOLS, AuditError

# Their terms would bind whoever passes on a layer. Weak copyleft by file (MPL) does not.
_COPYLEFT: Final = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)


def installed(tool: Path = TOOLS / "pip-licenses") -> dict[str, str]:
    """The packages beside this interpreter: `name version` → licence, as its metadata states it."""
    command = [str(tool), "--python", sys.executable, "--with-system", "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    return {f"{found['Name']} {found['Version']}": found["License"] for found in json.loads(done.stdout)}


def report(licences: dict[str, str]) -> str:
    """A Markdown table, by licence and name."""
    rows = [f"| {licence} | {name} |" for name, licence in licences.items()]
    return "\n".join(["| licence | package |", "|---|---|", *sorted(rows, key=str.lower), ""])


def refuse_copyleft(licences: dict[str, str]) -> None:
    """Raise AuditError if a package states a licence of the GPL family."""
    found = sorted(f"{name} ({licence})" for name, licence in licences.items() if _COPYLEFT.search(licence))
    if found:
        raise AuditError(f"Strong copyleft: {', '.join(found)}.")
