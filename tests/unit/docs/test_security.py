"""The tables of misuse: what they name exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "security"
TRIED = (FOLDER / "what-was-tried.md").read_text("utf-8")
MODEL = (FOLDER / "threat-model.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TRIED + MODEL)))


def test_every_row_of_misuse_names_a_test():
    rows = [line for line in TRIED.splitlines() if line.startswith("| ") and "| misuse |" not in line]
    assert len(rows) > 30
    assert [row for row in rows if "`tests/" not in row] == []


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_the_tests_that_are_named_exist(path, name):
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("stated", "module", "constant", "value"),
    [
        ("| 100 |", "api.requests", "MAX_FILES", 100),
        ("2 MiB", "api.requests", "MAX_JSON_BYTES", 2 * 1024**2),
        ("4 MiB", "api.requests", "MAX_BODY_BYTES", 4 * 1024**2),
        ("1024 characters", "api.requests", "MAX_NAME_CHARACTERS", 1024),
        ("512 bytes of UTF-8", "contract.original_metadata", "MAX_FILE_NAME_BYTES", 512),
        ("961 bytes", "contract.keys", "MAX_IMAGE_ID_BYTES", 961),
    ],
)
def test_the_limits_are_those_of_the_code(stated, module, constant, value):
    assert stated in MODEL
    assert getattr(__import__(f"handlers.{module}", fromlist=[constant]), constant) == value
