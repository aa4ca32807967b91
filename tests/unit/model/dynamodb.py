"""A table in memory that understands the expressions which the catalog sends."""

import copy
import re
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]
_TOKEN = re.compile(r"\s*([#:]\w+|\w+|<>|<|=|\(|\)|,)")


class TableModel:
    """The client's calls about one table with the key `ImageID`; items as DynamoDB writes them.

    `changes` is its stream: what stood there before, and what stands there after.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.changes: list[tuple[Item | None, Item]] = []

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Any:  # noqa: N803 - as in AWS
        assert ConsistentRead, "a read that may be out of date decides nothing"
        found = self.items.get(Key["ImageID"]["S"])
        return {"Item": copy.deepcopy(found)} if found else {}

    def update_item(self, *, Key: Item, UpdateExpression: str, **request: Any) -> Any:  # noqa: N803 - as in AWS
        old = self._checked(Key, request)
        _, _, rest = UpdateExpression.partition("SET ")
        sets, _, removes = (rest or f" {UpdateExpression}").partition("REMOVE ")
        expression = _Expression("", request, old or {})
        new = {**copy.deepcopy(old or {}), **Key}
        for assignment in re.split(r",\s*(?![^(]*\))", sets.strip()):
            if assignment:
                path, _, value = assignment.partition(" = ")
                new[expression.name(path.strip())] = expression.assigned(value.strip())
        for path in removes.split(","):
            new.pop(expression.name(path.strip()) if path.strip() else "", None)
        self.items[Key["ImageID"]["S"]] = copy.deepcopy(new)
        self.changes.append((copy.deepcopy(old), copy.deepcopy(new)))
        answers = {"ALL_OLD": old, "ALL_NEW": new}
        wanted = answers.get(request.get("ReturnValues", ""))
        return {"Attributes": copy.deepcopy(wanted)} if wanted else {}

    def _checked(self, key: Item, request: dict[str, Any]) -> Item | None:
        old = self.items.get(key["ImageID"]["S"])
        if _Expression(request["ConditionExpression"], request, old or {}).holds():
            return old
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "no"}}
        if old and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            response["Item"] = copy.deepcopy(old)
        raise ClientError(response, "UpdateItem")


class _Expression:
    """A condition on one item: OR, AND, parentheses, comparisons, attribute_(not_)exists."""

    def __init__(self, text: str, request: dict[str, Any], item: Item) -> None:
        self._tokens = _TOKEN.findall(text)
        self._names = request.get("ExpressionAttributeNames", {})
        self._values = request.get("ExpressionAttributeValues", {})
        self._item = item

    def holds(self) -> bool:
        answer = self._any()
        assert not self._tokens, f"not understood: {self._tokens}"
        return answer

    def name(self, placeholder: str) -> str:
        return str(self._names[placeholder])

    def assigned(self, text: str) -> Any:
        if text.startswith("if_not_exists("):
            path, _, value = text.removeprefix("if_not_exists(").removesuffix(")").partition(", ")
            return self._item.get(self.name(path), self._values[value])
        return copy.deepcopy(self._operand(text))

    def _any(self) -> bool:
        answer = self._all()
        while self._tokens and self._tokens[0] == "OR":
            self._tokens.pop(0)
            answer = self._all() or answer
        return answer

    def _all(self) -> bool:
        answer = self._term()
        while self._tokens and self._tokens[0] == "AND":
            self._tokens.pop(0)
            answer = self._term() and answer
        return answer

    def _term(self) -> bool:
        first = self._tokens.pop(0)
        if first == "(":
            answer = self._any()
        elif first.startswith("attribute_"):
            self._take("(")
            answer = (self.name(self._tokens.pop(0)) in self._item) == (first == "attribute_exists")
        else:
            return self._compared(self._operand(first))
        self._take(")")
        return answer

    def _compared(self, left: Any) -> bool:
        operator, right = self._tokens.pop(0), self._operand(self._tokens.pop(0))
        if operator == "<":
            comparable = left is not None and right is not None and left.keys() == right.keys() == {"S"}
            return bool(comparable and left["S"].encode() < right["S"].encode())
        return (left is not None and left == right) == (operator == "=")

    def _operand(self, token: str) -> Any:
        return self._values[token] if token.startswith(":") else self._item.get(self.name(token))

    def _take(self, token: str) -> None:
        assert self._tokens.pop(0) == token
