"""The inputs of the component, and their conversion to a `PipelineConfig`."""

import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.runtime.rpc import contains_unknowns

from components import ConfigError, PipelineConfig
from components.base.key import CREATE
from components.config.config_slice import camel_case
from components.config.defaults import as_text, default_texts
from components.config.pipeline_config import SECRETS, refuse_plain_text

_ACCOUNT: Final = "111122223333"
_CERTIFICATE: Final = f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/0"

OUTPUTS: Final[Mapping[str, str]] = {
    "adminPrincipals": f"arn:aws:iam::{_ACCOUNT}:role/unknown",
    "apiCertificate": _CERTIFICATE,
    "deliveryCertificate": _CERTIFICATE,
    "deliveryWebAcl": f"arn:aws:wafv2:us-east-1:{_ACCOUNT}:global/webacl/unknown/{'0' * 36}",
    "jwtAudience": "unknown",
    "jwtIssuer": "https://unknown.example",
    "kmsKey": f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/mrk-{'0' * 32}",
    "permissionsBoundary": f"arn:aws:iam::{_ACCOUNT}:policy/unknown",
    "signInClientId": "unknown",
    "webhookSecret": "unknown-" * 2,
}
"""The inputs that may be outputs of other resources (for a list, each of its items), which resources
take as they are; and for each a value that the slices accept in place of one that a preview does not know.

The others decide which resources exist or what they are called, or are compared with each other.
"""


_LISTS: Final = {
    camel_case(name) for name, (kind, _) in PipelineConfig.declared().items() if kind == tuple[str, ...]
}
_NOT_SHOWN: Final = {camel_case(field.name) for field in fields(PipelineConfig) if not field.repr}


@dataclass(frozen=True)
class _Value:
    """An input, or an item of a list. `plain` is None if it is not `known`. `output` is its origin."""

    plain: Any
    output: pulumi.Output[Any] | None = None
    known: bool = True
    secret: bool = False


_Given = _Value | list[_Value]


def configuration(inputs: Mapping[str, Any]) -> PipelineConfig:
    """The configuration that inputs of the component stand for; those that are not given have their defaults.

    Outputs whose values are known are validated like plain values. The others, in a preview, count as set
    and are validated when they are known. Raises InputPropertiesError with a sentence for each wrong input.
    """
    given = {key: _given(key, value) for key, value in inputs.items() if value is not None}
    try:
        _refuse_outputs(given)
        refuse_plain_text(key for key in SECRETS if any(map(_is_plain_text, _each(given.get(key, [])))))
        texts = {key: _text(found, _stand_in(key, inputs)) for key, found in given.items()}
        config = PipelineConfig.parse({**default_texts(), **texts})
    except ConfigError as error:
        sentences = _without_secrets(str(error), given).splitlines()
        wrong = [_property_error(sentence, given) for sentence in sentences]
        raise InputPropertiesError("The inputs of the pipeline are not valid.", wrong) from None
    names = {camel_case(name): name for name in PipelineConfig.declared()}
    return config.with_outputs({names[key]: _handed_on(given[key]) for key in OUTPUTS if key in given})


def _given(key: str, value: Any) -> _Given:
    if isinstance(value, list):
        return [_value(item) for item in value]
    whole = _value(value)
    if key not in _LISTS or whole.output is None or (whole.known and not isinstance(whole.plain, list)):
        return whole
    # A list that is an output as a whole; while it is not known, it counts as one of one item.
    items = whole.plain if whole.known else [None]
    return [_Value(item, whole.output[index], whole.known, whole.secret) for index, item in enumerate(items)]


def _value(value: Any) -> _Value:
    if not isinstance(value, pulumi.Output):
        if not contains_unknowns(value):
            return _Value(int(value) if isinstance(value, float) and value.is_integer() else value)
        value = pulumi.Output.from_input(value)
    known = _at_once(value.is_known())
    return _Value(_at_once(value.future()) if known else None, value, known, _at_once(value.is_secret()))


def _at_once(waiting: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never suspends: inputs come with their values, or without any."""
    try:
        waiting.send(None)
    except StopIteration as done:
        return done.value
    waiting.close()
    raise RuntimeError("an input of the component is still being computed")


def _each(given: _Given) -> list[_Value]:
    return given if isinstance(given, list) else [given]


def _refuse_outputs(given: Mapping[str, _Given]) -> None:
    wrong = [
        f"{key} is an output or a secret; pass a plain value, which every preview knows."
        for key, found in given.items()
        if key not in OUTPUTS and any(each.output is not None for each in _each(found))
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _is_plain_text(value: _Value) -> bool:
    # Whether a value that is not known will be a secret is not known either.
    return value.known and value.plain != "" and not value.secret


def _stand_in(key: str, inputs: Mapping[str, Any]) -> Any:
    # What the page asks tokens for has to be one of the audiences, and may well be this one.
    audience = inputs.get("signInAudience") if key == "jwtAudience" else None
    return audience or OUTPUTS.get(key)


def _text(given: _Given, stand_in: Any) -> str:
    plain = [each.plain if each.known else stand_in for each in _each(given)]
    return as_text(plain if isinstance(given, list) else plain[0])


def _handed_on(given: _Given) -> Any:
    if isinstance(given, list):
        return tuple(each.plain if each.output is None else each.output for each in given)
    # Components look at these two, and at nothing else, before they hand a value on.
    return given.plain if given.output is None or given.plain in ("", CREATE) else given.output


def _without_secrets(text: str, given: Mapping[str, _Given]) -> str:
    for each in (each for found in given.values() for each in _each(found)):
        if each.secret and each.known:
            text = text.replace(repr(each.plain), "[secret]")
    return text


def _property_error(sentence: str, given: Mapping[str, _Given]) -> InputPropertyErrorDetails:
    """A sentence about a key starts with it.

    The engine (3.274) shows the value at the path beside the sentence, and panics if it is not known. It
    shows none for a path that stands for several values.
    """
    found = re.match("[A-Za-z0-9]+", sentence)
    assert found is not None
    key = found[0]
    shown = key not in _NOT_SHOWN and all(each.known for each in _each(given.get(key, [])))
    return {"property_path": key if shown else f"{key}[*]", "reason": sentence}
