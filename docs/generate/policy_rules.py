"""The table of rules in `docs/policies.md`, from the policy pack."""

import sys
from pathlib import Path

from docs.generate.sections import DOCS, table, with_section

sys.path.append(str(DOCS.parent / "policies"))

from guardrails import RULES
from guardrails.rule import FSBP, Control


def documents() -> dict[Path, str]:
    """The document on policies with its table."""
    rows = [["rule", "what", "control", "how to fix"]]
    for rule in RULES:
        where = " Production stacks only." if rule.production else ""
        rows.append([f"`{rule.name}`", f"{rule.what}{where}", _controls(rule.control), rule.fix])
    document = DOCS / "policies.md"
    return {document: with_section(document.read_text("utf-8"), "rules", table(rows))}


def _controls(control: Control | None) -> str:
    if control is None:
        return "none"
    standard = "" if control.standard == FSBP else " (NIST)"
    return f"[{', '.join(control.ids)}]({control.url}){standard}"
