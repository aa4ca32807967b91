"""Options that several commands share: those of what opens the thing that the commands work with."""

import functools
import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

Command = Callable[..., None]


def provided(name: str, opening: Callable[..., AbstractContextManager[Any]]) -> Callable[[Command], Command]:
    """Make typer commands of functions that take what `opening` yields as their argument `name`.

    A command has the options of `opening` besides those of its function.
    """
    shared = dict(inspect.signature(opening).parameters)

    def providing(command: Command) -> Command:
        own = dict(inspect.signature(command).parameters)
        del own[name]

        @functools.wraps(command)
        def run(**arguments: Any) -> None:
            options = {each: arguments.pop(each) for each in shared}
            with opening(**options) as thing:
                command(**{name: thing}, **arguments)

        return with_parameters(run, own | shared)

    return providing


def with_parameters(function: Command, parameters: Mapping[str, inspect.Parameter]) -> Command:
    """The function with another signature, which typer makes the options of."""
    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters.values()]
    vars(function)["__signature__"] = inspect.Signature(keyword_only)
    function.__annotations__ = {each.name: each.annotation for each in keyword_only}
    return function
