"""The base of every config slice: typed fields with bounds, read from the text that the CLI passes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

import pulumi

from components.config.bounds import read


class ConfigError(pulumi.RunError):
    """The configuration cannot be deployed; the message has one sentence for each wrong key."""


@dataclass(frozen=True, kw_only=True)
class ConfigSlice:
    """Some of a pipeline's configuration keys.

    A field is the key in snake case (`max_upload_bytes` is `maxUploadBytes`), its type may be annotated
    with a bound. A slice that defines `conflicts` yields a sentence for each pair of values that cannot
    be deployed together. Raises ConfigError if a value is out of its bounds or conflicts with another.
    """

    def __post_init__(self) -> None:
        wrong = [*self._out_of_bounds()] or [
            sentence
            for slice_ in type(self).__mro__
            if "conflicts" in vars(slice_)
            for sentence in vars(slice_)["conflicts"](self)
        ]
        if wrong:
            raise ConfigError("\n".join(wrong))

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read the slice from camelCase keys and values as text (lists as JSON).

        Raises ConfigError with a sentence for each key that is missing, unknown or wrong.
        """
        kinds = {camel_case(name): (name, kind) for name, (kind, _) in cls.declared().items()}
        wrong = [
            f"{key} is not a configuration key; see Pulumi.yaml for the list."
            for key in sorted(set(texts) - set(kinds))
        ]
        values: dict[str, Any] = {}
        for key, (name, kind) in kinds.items():
            if key not in texts:
                wrong.append(f"{key} is not set and has no default.")
                continue
            try:
                values[name] = read(kind, texts[key])
            except ValueError as error:
                wrong.append(f"{key}: {texts[key]!r} {error}.")
        if wrong:
            raise ConfigError("\n".join(wrong))
        return cls(**values)

    @classmethod
    def declared(cls) -> dict[str, tuple[Any, Any]]:
        """The type and the bound (or None) of each field."""
        hints = get_type_hints(cls, include_extras=True)
        declared = {}
        for field in fields(cls):
            hint = hints[field.name]
            kind, bound = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)
            declared[field.name] = (kind, bound)
        return declared

    def _out_of_bounds(self) -> Iterator[str]:
        for name, (_, bound) in self.declared().items():
            value = getattr(self, name)
            refusal = bound.refusal(value) if bound else None
            if refusal:
                yield f"{camel_case(name)}: {value} {refusal}."


def camel_case(name: str) -> str:
    """The configuration key of a field: `max_upload_bytes` is `maxUploadBytes`."""
    key = re.sub("_([a-z])", lambda match: match[1].upper(), name)
    return re.sub("Mib$", "MiB", key)
