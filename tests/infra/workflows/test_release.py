import json
import os
import subprocess

import pytest

from components.bundle import LAYERS, ROOMS
from tests.infra.registered import ROOT
from tests.infra.workflows.definitions import commands, workflow

RELEASE = workflow("release")
JOBS = RELEASE["jobs"]
VERIFY, BUILD, AUDIT, SUMS = commands(JOBS["build"])
# Every time it is called it writes the archives and the wheel; with `DRIFT` the second ones differ.
MAKE = """#!/bin/sh
echo "$*" >> calls
mkdir -p build
for file in api.zip api-layer.zip api.stamp api-layer.stamp image.whl; do
  [ -e "build/$file" ] || { [ -n "$DRIFT" ] && wc -l < calls || echo same; } > "build/$file"
done
"""
GH = """#!/usr/bin/env python3
import json, sys
print(json.dumps(sys.argv[1:]))
"""


def actions(job):
    return {step["uses"].partition("@")[0] for step in JOBS[job]["steps"] if "uses" in step}


def step(job, action):
    [found] = [each["with"] for each in JOBS[job]["steps"] if each.get("uses", "").startswith(f"{action}@")]
    return found


@pytest.fixture
def shell(tmp_path):
    """Runs a step's script as GitHub does, with stand-ins for programs in front."""

    def run(script, cwd=tmp_path, programs=None, **variables):
        stubs = tmp_path / "bin"
        stubs.mkdir(exist_ok=True)
        for name, text in (programs or {}).items():
            (stubs / name).write_text(text, "utf-8")
            (stubs / name).chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=cwd,
            env={**environment, "PATH": f"{stubs}:{os.environ['PATH']}", "PYTHONUTF8": "1", **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def checkout(tmp_path):
    """A clone whose HEAD is the tagged commit of main; also its git."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"

    def git(*arguments, cwd=clone):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false"]
        subprocess.run(["git", *who, *arguments], cwd=cwd, capture_output=True, timeout=60, check=True)

    for name, text in {
        "CHANGELOG.md": "# Changelog\n\n## 0.2.0 — unreleased\n\n## 0.1.0 — 2026-01-02\n\n- One.\n",
        "imagectl/__init__.py": '__version__ = "0.1.0"\n',
        ".ci/release.py": (ROOT / ".ci" / "release.py").read_text("utf-8"),
    }.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_text(text, "utf-8")
    git("init", "--quiet", "--initial-branch=main", cwd=origin)
    git("add", "--all", cwd=origin)
    git("commit", "--quiet", "--message", "Release 0.1.0", cwd=origin)
    git("clone", "--quiet", origin, clone, cwd=tmp_path)
    git("switch", "--quiet", "--detach")
    return clone, git


def test_a_pushed_version_tag_is_released_and_nothing_else():
    assert RELEASE["on"] == {"push": {"tags": ["v*"]}}


def test_nothing_is_attested_or_drafted_before_the_checks_pass():
    assert JOBS["provenance"]["needs"] == JOBS["materials"]["needs"] == ["checks", "build"]
    assert JOBS["draft"]["needs"] == ["provenance", "materials"]
    assert not [job for job in JOBS.values() if "if" in job]


def test_the_jobs_that_may_sign_or_write_run_nothing_of_the_project():
    entrusted = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}
    assert entrusted == {"provenance", "materials", "draft"}
    for name in entrusted:
        assert actions(name) <= {"actions/download-artifact", "actions/attest"}
        assert not any(word in " ".join(commands(JOBS[name])) for word in ("make", "python", "pip", ".ci/"))


def test_a_tag_of_the_version_on_main_gets_the_notes_of_its_release(shell, checkout):
    clone, _ = checkout
    done = shell(VERIFY, clone, GITHUB_REF_NAME="v0.1.0")
    assert done.returncode == 0, done.stderr
    assert (clone / "build" / "notes.md").read_text("utf-8") == "- One.\n"


def test_a_tag_of_another_version_is_refused(shell, checkout):
    done = shell(VERIFY, checkout[0], GITHUB_REF_NAME="v0.2.0")
    assert done.returncode != 0
    assert "v0.2.0 is not the tag of version 0.1.0" in done.stderr


def test_a_tag_beside_main_is_refused(shell, checkout):
    clone, git = checkout
    git("commit", "--quiet", "--allow-empty", "--message", "Beside main")
    done = shell(VERIFY, clone, GITHUB_REF_NAME="v0.1.0")
    assert done.returncode != 0
    assert done.stdout == "::error::The commit of v0.1.0 is not on main.\n"


def test_main_and_its_history_are_checked_out_to_compare_with():
    assert step("build", "actions/checkout")["fetch-depth"] == 0


def test_archives_and_wheel_are_built_twice(shell, tmp_path):
    done = shell(BUILD, programs={"make": MAKE})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text("utf-8").splitlines() == ["bundle wheel"] * 2
    sums = (tmp_path / "build" / "SHA256SUMS").read_text("utf-8").split()
    assert sums[1::2] == ["api-layer.zip", "api.zip", "image.whl"]


def test_bytes_that_differ_the_second_time_stop_the_release(shell):
    done = shell(BUILD, programs={"make": MAKE}, DRIFT="1")
    assert done.returncode != 0
    assert "api-layer.zip: FAILED" in done.stdout


def test_the_bills_of_materials_are_of_the_audit_and_are_attested(shell, tmp_path):
    assert AUDIT == "make audit"
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "api-layer.cdx.json").write_text("{}", "utf-8")
    assert shell(SUMS).returncode == 0
    assert (tmp_path / "build" / "SHA256SUMS").read_text("utf-8").endswith("  api-layer.cdx.json\n")
    assert step("provenance", "actions/attest") == {"subject-checksums": "build/SHA256SUMS"}


def test_every_layer_has_its_bill_of_materials_attested(shell, tmp_path):
    layers = [layer for layers in LAYERS.values() for layer in layers]
    assert JOBS["materials"]["strategy"]["matrix"]["layer"] == layers
    (tmp_path / "build").mkdir()
    names = [f"{name}.zip" for name in ROOMS] + [f"{name}-layer.zip" for name in layers]
    sums = [f"{index:064x}  {name}\n" for index, name in enumerate(names)]
    (tmp_path / "build" / "SHA256SUMS").write_text("".join(sums), "utf-8")
    [script] = commands(JOBS["materials"])
    for layer, expected in zip(layers, sums[len(ROOMS) :], strict=True):
        assert shell(script, LAYER=layer).returncode == 0
        assert (tmp_path / "layer.sha256").read_text("utf-8") == expected
    assert shell(script, LAYER="gone").returncode != 0
    attested = step("materials", "actions/attest")
    assert attested["sbom-path"] == "build/${{ matrix.layer }}-layer.cdx.json"


def test_the_draft_has_the_notes_and_every_file_but_the_layers(shell, tmp_path):
    uploaded = step("build", "actions/upload-artifact")["path"].split()
    assert uploaded.index("!build/*-layer.zip") > uploaded.index("build/*.zip")
    (tmp_path / "build").mkdir()
    files = ["api.zip", "image.whl", "api-layer.cdx.json", "licences.md", "SHA256SUMS"]
    for name in files:
        (tmp_path / "build" / name).touch()
    [script] = commands(JOBS["draft"])
    done = shell(script, programs={"gh": GH}, GITHUB_REF_NAME="v0.1.0", GITHUB_REPOSITORY="acme/images")
    arguments = json.loads(done.stdout)
    assert arguments[:3] == ["release", "create", "v0.1.0"]
    assert {"--draft", "--verify-tag", "--notes-file"} <= set(arguments)
    assert arguments[arguments.index("--title") + 1] == "0.1.0"
    assert arguments[-len(files) :] == [f"build/{name}" for name in files]


def test_a_draft_that_a_person_publishes_deploys_prod():
    assert workflow("deploy")["on"]["release"] == {"types": ["published"]}
