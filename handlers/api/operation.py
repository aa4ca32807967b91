"""The declaration that stands on the method of a route; dispatcher and OpenAPI document are made from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar

import msgspec

from handlers.api.problems import Problem
from handlers.api.requests import NoQuery

Method = TypeVar("Method", bound=Callable[..., Any])
_DECLARED = "operation"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One route. `request` is the structure of its JSON body, or else the content types it accepts;
    `response` the structure of its answer, or a union of such (None: no body); `query` that of its query;
    `problems` an example of each problem.
    """

    id: str
    summary: str
    status: int = 200
    response: type[msgspec.Struct] | UnionType | type[dict[str, Any]] | None
    request: type[msgspec.Struct] | tuple[str, ...] = ()
    query: type[msgspec.Struct] = NoQuery
    parameters: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()


def operation(route: str, **declared: Any) -> Callable[[Method], Method]:
    """Declare a method as the one that serves `route`, a key of `handlers.contract.routes`.

    The operation's id is the method's name, its summary the first paragraph of the docstring.
    """

    def declare(method: Method) -> Method:
        first, *others = method.__name__.split("_")
        summary = " ".join((method.__doc__ or "").split("\n\n")[0].split())
        made = Operation(id=first + "".join(map(str.capitalize, others)), summary=summary, **declared)
        setattr(method, _DECLARED, (route, made))
        return method

    return declare


def declared_operations(kind: type[Any]) -> dict[str, tuple[str, Operation]]:
    """By route, the name of the method of `kind` that serves it, and its declaration."""
    return {
        getattr(method, _DECLARED)[0]: (name, getattr(method, _DECLARED)[1])
        for name, method in vars(kind).items()
        if hasattr(method, _DECLARED)
    }
