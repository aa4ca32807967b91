"""IAM policy documents: reading what they allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]


def statements(document: str | Mapping[str, Any] | None) -> list[Statement]:
    """The statements of a document, which may be JSON text, an object or absent."""
    if not document:
        return []
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def allowed(document: str | Mapping[str, Any] | None) -> list[Statement]:
    """The statements that allow something."""
    return [statement for statement in statements(document) if statement.get("Effect") == "Allow"]


def listed(value: Any) -> list[str]:
    """An element that may be one text or several, as a list."""
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(item) for item in value]
    return [str(value)]


def everyone(statement: Statement) -> bool:
    """Whether a principal of the statement is anyone at all."""
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return any("*" in listed(value) for value in principal.values())
    return principal == "*"
