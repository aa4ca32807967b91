"""What DynamoDB refuses although its imitation takes it, as a check of each request that is sent."""

import re
from typing import Any

_NAME = re.compile(r"#\w+")
_VALUE = re.compile(r":\w+")
_COMPARISON = re.compile(r"([#:]\w+)\s*(?:=|<>|<=|>=|<|>)\s*([#:]\w+)")


def refuse_what_dynamodb_refuses(params: dict[str, Any], **_: Any) -> None:
    """Every placeholder is used and defined, no operand is compared with itself, no path is written twice.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
    """
    expressions = [value for name, value in params.items() if name.endswith("Expression")]
    text = " ".join(expressions)
    for member, pattern in (("ExpressionAttributeNames", _NAME), ("ExpressionAttributeValues", _VALUE)):
        given = set(params.get(member, {}))
        assert given == set(pattern.findall(text)), f"{member} {given} do not fit {text!r}"
        assert member not in params or given, f"{member} is empty"
    for condition in (params.get("ConditionExpression", ""), params.get("FilterExpression", "")):
        for left, right in _COMPARISON.findall(condition):
            assert left != right, f"{left} is compared with itself in {condition!r}"
    written = _paths_written(params.get("UpdateExpression", ""))
    assert len(written) == len(set(written)), f"a path is written twice: {sorted(written)}"


def _paths_written(update: str) -> list[str]:
    sets, _, removals = update.partition("REMOVE")
    return re.findall(r"(#\w+) = ", sets) + _NAME.findall(removals)
