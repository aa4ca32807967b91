"""What the project is made of: bills of materials, licences, known vulnerabilities.

The tools run in an environment of their own, `.venv-audit`, made of `requirements/audit.txt`.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TOOLS: Final = ROOT / ".venv-audit" / "bin"
BUILD: Final = ROOT / "build"
"""Where reports are written."""

LAYERS: Final = ("resize", "vector", "api", "publish", "delivery")
"""The files of `requirements/` that become Lambda layers."""

PINNED: Final = tuple(
    ROOT / path
    for path in (
        "requirements.txt",
        "requirements/resize.txt",
        "requirements/vector.txt",
        "requirements/api.txt",
        "requirements/publish.txt",
        "requirements/delivery.txt",
        "requirements/runtime.txt",
        "policies/requirements.txt",
        "requirements/dev.txt",
        "requirements/audit.txt",
        "bench/render/requirements.txt",
        "bench/metadata/requirements.txt",
        "tests/e2e/clients/requirements.txt",
    )
)
"""Every file of pinned, hashed requirements."""


class AuditError(Exception):
    """Something that the project is made of is not as it should be; the message is one sentence."""
