from pathlib import Path

from guardrails.rule_table import table

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "policies.md"


def test_the_documentation_lists_the_rules_as_they_are():
    text = DOCUMENT.read_text("utf-8")
    documented = text.partition("<!-- rules -->\n")[2].partition("<!-- /rules -->")[0]
    assert documented == table(), (
        "run `python -m guardrails.rule_table` in policies/ and paste what it prints"
    )
