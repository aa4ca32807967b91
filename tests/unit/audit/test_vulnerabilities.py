import json
import subprocess

import pytest

from audit import PINNED, ROOT, AuditError, vulnerabilities
from audit.vulnerabilities import Vulnerability

PILLOW = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [{"id": "PYSEC-2023-175", "fix_versions": ["10.0.1"]}],
}


@pytest.fixture
def tool(tmp_path):
    """A stand-in for pip-audit that says this and ends with that."""

    def make(stdout="", stderr="", status=0):
        (tmp_path / "out").write_text(stdout, "utf-8")
        (tmp_path / "err").write_text(stderr, "utf-8")
        path = tmp_path / "pip-audit"
        path.write_text(
            f"#!/bin/sh\ncat '{tmp_path}/out'\ncat '{tmp_path}/err' >&2\nexit {status}\n", "utf-8"
        )
        path.chmod(0o755)
        return path

    return make


def search(tool):
    return vulnerabilities.search(ROOT / "requirements" / "api.txt", tool)


def test_what_is_known_is_told_with_the_way_out(tool):
    found = search(tool(json.dumps({"dependencies": [PILLOW]}), status=1))
    assert found == [
        Vulnerability(package="pillow", version="9.0.0", advisory="PYSEC-2023-175", fixed_in=("10.0.1",))
    ]
    assert str(found[0]) == "pillow 9.0.0: PYSEC-2023-175, fixed in 10.0.1"


def test_nothing_known_is_nothing_found(tool):
    assert search(tool(json.dumps({"dependencies": [{**PILLOW, "vulns": []}]}))) == []


def test_an_advisory_without_a_fix_says_so():
    found = Vulnerability(package="a", version="1", advisory="X-1", fixed_in=())
    assert str(found) == "a 1: X-1, not fixed yet"


def test_a_service_that_cannot_be_reached_is_an_error_in_a_sentence(tool):
    failing = tool(stderr="Traceback …\nConnectionError: Failed to resolve host\n", status=1)
    with pytest.raises(
        AuditError, match=r"service cannot be asked about api\.txt: ConnectionError: Failed to resolve"
    ):
        search(failing)


def test_a_service_that_knows_none_of_the_packages_is_an_error_though_the_tool_is_content(tool):
    unknown = {"name": "pillow", "skip_reason": "Dependency not found"}
    with pytest.raises(AuditError, match=r"knows nothing about 1 of the 2 packages in api\.txt, pillow"):
        search(tool(json.dumps({"dependencies": [unknown, {**PILLOW, "vulns": []}]})))


def test_every_file_of_pinned_requirements_is_searched():
    tracked = subprocess.check_output(["git", "ls-files", "*.txt"], cwd=ROOT, text=True, timeout=60)
    files = [ROOT / name for name in tracked.splitlines()]
    compiled = {path for path in files if "--hash=sha256:" in path.read_text("utf-8")}
    assert set(PINNED) == compiled
