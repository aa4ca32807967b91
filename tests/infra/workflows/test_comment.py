import json
import os
import subprocess

import pytest

from tests.infra.workflows.definitions import commands, workflow

GH = """#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["STUB"])
arguments = sys.argv[1:]
if "--paginate" in arguments:
    print((folder / "mine").read_text(), end="")
else:
    body = next(item.removeprefix("body=@") for item in arguments if item.startswith("body=@"))
    call = {"method": arguments[arguments.index("--method") + 1], "arguments": arguments,
            "body": pathlib.Path(body).read_text()}
    (folder / "call").write_text(json.dumps(call))
"""


@pytest.fixture
def comment(tmp_path):
    """Run the step that comments, in front of a GitHub that has comments of ours with these ids."""

    def run(previews, mine=""):
        stub = tmp_path / "bin"
        stub.mkdir()
        (stub / "gh").write_text(GH, "utf-8")
        (stub / "gh").chmod(0o755)
        (stub / "mine").write_text(mine, "utf-8")
        (tmp_path / "previews").mkdir()
        for stack, text in previews.items():
            (tmp_path / "previews" / f"{stack}.txt").write_text(text, "utf-8")
        (script,) = commands(workflow("preview")["jobs"]["comment"])
        environment = {
            "PATH": f"{stub}:{os.environ['PATH']}",
            "STUB": str(stub),
            "GITHUB_REPOSITORY": "acme/images",
            "NUMBER": "7",
            "COMMIT": "abc",
        }
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment,
            timeout=60,
            check=True,
        )
        return json.loads((stub / "call").read_text("utf-8"))

    return run


def test_the_first_preview_writes_a_comment_with_every_stack(comment):
    call = comment({"dev": "+ 1 to create", "prod": "~ 2 to update"})
    assert call["method"] == "POST"
    assert "repos/acme/images/issues/7/comments" in call["arguments"]
    assert call["body"].startswith("<!-- pulumi preview -->\nPreview of abc\n")
    assert "<code>dev</code>" in call["body"]
    assert "+ 1 to create" in call["body"]
    assert "~ 2 to update" in call["body"]


def test_the_next_preview_edits_it(comment):
    call = comment({"dev": "no changes"}, mine="42\n43\n")
    assert call["method"] == "PATCH"
    assert "repos/acme/images/issues/comments/42" in call["arguments"]


def test_a_long_preview_is_cut_to_its_end_where_the_summary_stands(comment):
    call = comment({"dev": "x" * 100_000 + "\nResources: 52 to create", "prod": "y" * 100_000})
    assert "Resources: 52 to create" in call["body"]
    assert len(call["body"]) < 65_536


def test_a_preview_that_failed_before_it_said_anything_is_still_commented(comment):
    assert comment({})["body"] == "<!-- pulumi preview -->\nPreview of abc\n"
