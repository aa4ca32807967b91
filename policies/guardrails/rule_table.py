"""The rules as a table for people: `python -m guardrails.rule_table`, in the folder of the pack."""

from guardrails import RULES
from guardrails.rule import FSBP, Control


def table() -> str:
    """A Markdown table of all rules, in the order in which they are listed."""
    rows = ["| rule | what | control | how to mend |", "|---|---|---|---|"]
    for rule in RULES:
        where = " Production stacks only." if rule.production else ""
        rows.append(f"| `{rule.name}` | {rule.what}{where} | {_controls(rule.control)} | {rule.mend} |")
    return "\n".join(rows) + "\n"


def _controls(control: Control | None) -> str:
    if control is None:
        return "none"
    standard = "" if control.standard == FSBP else " (NIST)"
    return f"[{', '.join(control.ids)}]({control.url}){standard}"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - a command line
