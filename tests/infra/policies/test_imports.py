import sys

import pytest

from tests.infra.registered import ROOT
from tests.infra.test_imports import imports, top

GUARDRAILS = sorted((ROOT / "policies" / "guardrails").glob("*.py"))


@pytest.mark.parametrize("path", GUARDRAILS, ids=lambda path: path.stem)
def test_rules_need_nothing_but_python_and_only_the_pack_knows_pulumi(path):
    allowed = {"guardrails"} | sys.stdlib_module_names
    if path.stem == "pack":
        allowed |= {"pulumi", "pulumi_policy"}
    assert top(imports(path)) <= allowed


def test_the_pack_is_a_list_of_rules_and_nothing_else():
    assert imports(ROOT / "policies" / "__main__.py") == {"pulumi_policy", "guardrails.pack"}
