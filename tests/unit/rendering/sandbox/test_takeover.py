"""Code that has taken a decoder over, as an unprivileged user, and what it can still do.

`takeover.py` beside this file makes the attempts, where the kernel has Landlock and where it has not.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter and Landlock are Linux's")

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    return lambda confinement: _attacked(tmp_path_factory, confinement)


@pytest.fixture(scope="module", params=["with", "without"])
def taken_over(request, attacked):
    return attacked(request.param)


def _attacked(tmp_path_factory, confinement):
    folder = tmp_path_factory.mktemp("files")
    for above in folder.parents:  # so that an unprivileged user gets there
        if above.stat().st_uid == 0 and str(above).startswith("/tmp/"):
            above.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.rendering.sandbox.takeover", str(folder), "0", confinement],
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)


def test_nothing_that_leads_out_of_the_process_succeeds(taken_over):
    assert taken_over["user"] != 0
    assert taken_over["attempts"] == []
    assert (taken_over["victim"], taken_over["there"]) == ("untouched", ["victim"])


def test_what_a_decoder_needs_still_works(taken_over):
    assert taken_over["allowed"] == ["read a library", "a thread", "memory", "lower a limit of its own"]


def test_nothing_is_left_of_a_process_once_it_has_answered(taken_over):
    assert taken_over["group"] == 1  # the one that waits


def test_the_attempts_are_such_that_succeed_where_nothing_confines_them(attacked):
    result = attacked("unconfined")
    assert int(result["control"][0]) >= 20
    assert result["victim"] != "untouched"
