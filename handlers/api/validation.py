"""Why a request is not in the documented form, in sentences of our own.

The decoder's messages name Python types and its own syntax; clients show these sentences to people.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

_AT: Final = " - at `$"
_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_UNITS: Final = {"str": "characters", "array": "items", "object": "members"}
# What a pattern of ours adds for Python alone: nothing may follow `$`, not even a line break.
_END_OF_TEXT: Final = r"(?!\\n)"


def _bound(match: re.Match[str], _: Any) -> str:
    kind, length, comparison, number = match.groups()
    least = "least" if comparison == ">=" else "most"
    if not length:
        return f"must be at {least} {number}"
    units = _UNITS[kind].removesuffix("s") if number == "1" else _UNITS[kind]
    return f"must have at {least} {number} {units}"


def _kind(match: re.Match[str], _: Any) -> str:
    wanted = " or ".join(_KINDS.get(each.strip(), each.strip()) for each in match[1].split("|"))
    return f"must be {wanted}, not {_KINDS.get(match[2], match[2])}"


def _choice(match: re.Match[str], choices: tuple[str, ...]) -> str:
    allowed = f"must be one of {', '.join(choices)}" if choices else "must have a documented value"
    return f"{allowed}, not {match[1]}"


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Any], str]], ...]] = (
    (re.compile(r"Expected `(\w+)`( of length)? (<=|>=) (\d+)"), _bound),
    (re.compile(r"Expected `([\w| ]+)`, got `(\w+)`"), _kind),
    (
        re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL),
        lambda match, _: f"must match {match[1].replace(_END_OF_TEXT, '')}",
    ),
    (re.compile(r"Invalid enum value (.*)", re.DOTALL), _choice),
    (re.compile(r"Object missing required field `(.*)`", re.DOTALL), lambda match, _: f"has no {match[1]}"),
    (
        re.compile(r"Object contains unknown field `(.*)`", re.DOTALL),
        lambda match, _: f"has an unknown member: {match[1]}",
    ),
)


def sentence(error: Exception, kind: Any) -> str:
    """Why a value could not be decoded as `kind`, a structure whose members the error may name."""
    if isinstance(error, UnicodeError):
        return "The JSON is not UTF-8."
    text = str(error)
    if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
        byte = re.search(r"\(byte (\d+)\)", text)
        return f"The JSON is malformed at byte {byte[1]}." if byte else "The JSON ends too early."
    head, _, tail = text.rpartition(_AT)
    path = tail.removeprefix(".").removesuffix("`") if head else ""
    subject = path or "The request"
    for pattern, words in _RULES:
        if match := pattern.fullmatch(head or text):
            return f"{subject} {words(match, _choices(kind, path))}."
    return f"{subject} is not in the documented form."


def _choices(kind: Any, member: str) -> tuple[str, ...]:
    """The values that a member of a structure may have, where they are listed."""
    for each in msgspec.structs.fields(kind):
        if each.encode_name == member:
            literals = [part for part in (each.type, *get_args(each.type)) if get_origin(part) is Literal]
            return tuple(str(value) for literal in literals for value in get_args(literal))
    return ()
