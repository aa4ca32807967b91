"""Known vulnerabilities of pinned packages."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit import TOOLS, AuditError


@dataclass(frozen=True, kw_only=True)
class Vulnerability:
    """One advisory that applies; `fixed_in` are versions, oldest first."""

    package: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {self.advisory}, {mended}"


def search(requirements: Path, tool: Path = TOOLS / "pip-audit") -> list[Vulnerability]:
    """What is known about the packages pinned in `requirements`.

    Raises AuditError if the vulnerability service cannot be asked, or does not know a package: no
    answer is not a good answer.
    """
    command = [str(tool), "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json", "--requirement", str(requirements)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - fixed words
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise AuditError(
            f"The vulnerability service cannot be asked about {requirements.name}: {said[-1][:300]}"
        ) from None
    return read(answer, requirements.name)


def read(answer: Mapping[str, Any], source: str) -> list[Vulnerability]:
    """The advisories in what pip-audit answered about `source`."""
    packages = answer["dependencies"]
    if skipped := [package["name"] for package in packages if "skip_reason" in package]:
        raise AuditError(
            f"The vulnerability service knows nothing about {len(skipped)} of the {len(packages)} packages "
            f"in {source}, {skipped[0]} among them: is it the real one?"
        )
    return [
        Vulnerability(
            package=package["name"],
            version=package["version"],
            advisory=advisory["id"],
            fixed_in=tuple(advisory["fix_versions"]),
        )
        for package in packages
        for advisory in package["vulns"]
    ]
