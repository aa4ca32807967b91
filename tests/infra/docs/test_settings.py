"""The tables of settings are what `make settings` would write."""

import re

import pytest
import yaml

from docs.generate import settings
from tests.infra.registered import ROOT

DECLARED = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
README = (ROOT / "README.md").read_text("utf-8")


def rows(text):
    return {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}


def test_the_page_of_settings_is_current():
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == settings.page()


def test_the_table_of_the_readme_is_current():
    assert settings.with_table(README) == README


def test_the_page_has_a_row_for_every_setting_with_its_description():
    written = rows(settings.page())
    assert list(written) == list(DECLARED)
    for key, row in written.items():
        assert DECLARED[key]["description"].replace("|", "\\|") in row


def test_a_row_says_what_each_stack_sets():
    row = rows(settings.page())["maxConcurrency"]
    assert row.startswith("| `maxConcurrency` | `10` | `5` | `100` | Resize calls at the same time")


def test_every_row_has_as_many_cells_as_the_head():
    table = [line for line in settings.page().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6}


def test_a_readme_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="no place"):
        settings.with_table("# image-intake\n")
