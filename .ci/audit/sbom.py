"""Software bills of materials of the Lambda layers, in CycloneDX.

https://cyclonedx.org/specification/overview/
"""

import json
import re
import subprocess
from pathlib import Path

from audit import TOOLS, AuditError

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pinned(requirements: Path) -> dict[str, str]:
    """The packages of a file of pinned requirements: normalised name → version."""
    return {_normalised(name): version for name, version in _PIN.findall(requirements.read_text("utf-8"))}


def components(sbom: Path) -> dict[str, str]:
    """The packages that a bill of materials lists: normalised name → version."""
    listed = json.loads(sbom.read_text("utf-8")).get("components", [])
    return {_normalised(component["name"]): component["version"] for component in listed}


def write(requirements: Path, sbom: Path, tool: Path = TOOLS / "cyclonedx-py") -> None:
    """Write the bill of materials of the pinned `requirements`; the same ones make the same bytes.

    Raises AuditError if it does not list exactly the packages that are pinned.
    """
    sbom.parent.mkdir(parents=True, exist_ok=True)
    command = [str(tool), "requirements", str(requirements), "--output-reproducible"]
    subprocess.run([*command, "--output-file", str(sbom)], check=True)  # noqa: S603 - fixed words
    wanted, found = pinned(requirements).items(), components(sbom).items()
    if wanted != found:
        differing = ", ".join(sorted({name for name, _ in wanted ^ found}))
        raise AuditError(f"{sbom.name} and {requirements.name} do not agree about {differing}.")


def _normalised(name: str) -> str:
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub("[-_.]+", "-", name).lower()
