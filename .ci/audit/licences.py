"""The licences of all installed packages."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from audit import TOOLS, AuditError

# Their terms would bind whoever passes on a layer. Weak copyleft does not: MPL binds files, and the LGPL a
# shared library that everyone may replace, as libvips in `pyvips-binary` is.
_COPYLEFT: Final = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)

BUNDLED: Final = {"pillow-heif": "GPLv2 (x265)"}
"""Licences of libraries in wheels whose metadata does not state them, by package.

They are accepted: each stack installs pillow-heif into its own layer, and no layer is distributed, since
`release.yml` attests layers and attaches none. See docs/rendering.md, HEIC.
"""


def installed(tool: Path = TOOLS / "pip-licenses") -> dict[str, str]:
    """The packages beside this interpreter: `name version` → licence, as its metadata states it.

    With those of bundled libraries, as in `BSD-3-Clause, GPLv2 (x265)`.
    """
    command = [str(tool), "--python", sys.executable, "--with-system", "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    return {
        f"{found['Name']} {found['Version']}": ", ".join(
            filter(None, [found["License"], _bundled(found["Name"])])
        )
        for found in json.loads(done.stdout)
    }


def report(licences: dict[str, str]) -> str:
    """A Markdown table, by licence and name."""
    rows = [f"| {licence} | {name} |" for name, licence in licences.items()]
    return "\n".join(["| licence | package |", "|---|---|", *sorted(rows, key=str.lower), ""])


def refuse_copyleft(licences: dict[str, str]) -> None:
    """Raise AuditError if a package has a licence of the GPL family, apart from those in BUNDLED."""
    found = sorted(
        f"{package} ({licence})"
        for package, licence in licences.items()
        if _COPYLEFT.search(licence.replace(_bundled(package.split()[0]) or "\0", ""))
    )
    if found:
        raise AuditError(f"Strong copyleft: {', '.join(found)}.")


def _bundled(name: str) -> str | None:
    return BUNDLED.get(name.replace("_", "-"))
