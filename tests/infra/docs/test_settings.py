"""The table of settings, row by row."""

import re

import yaml

from docs.generate import settings
from tests.infra.registered import ROOT

DECLARED = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
DECLARED = {key: schema for key, schema in DECLARED.items() if ":" not in key}
PAGE = settings.documents()[ROOT / "docs" / "settings.md"]


def rows(text):
    return {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}


def test_the_page_has_a_row_for_every_setting_with_its_description():
    written = rows(PAGE)
    assert list(written) == list(DECLARED)
    for key, row in written.items():
        assert DECLARED[key]["description"].replace("|", "\\|") in row


def test_a_row_says_what_each_stack_sets():
    row = rows(PAGE)["maxConcurrency"]
    assert row.startswith("| `maxConcurrency` | `10` | `5` | `100` | Resize calls at the same time")


def test_every_row_has_as_many_cells_as_the_head():
    table = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6}
