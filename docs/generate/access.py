"""The tables of permissions, from the policies of the program."""

import json
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from docs.generate.sections import DOCS, with_section
from local.mock_cloud import ACCOUNT, FakeCloud
from local.program import RegisteredResource, run_program

# Settings that change what somebody may do.
_OPTIONS: Final = {
    "accessLogs": "true",
    "alarmSlackChannel": "T07EXAMPLE/C07EXAMPLE",
    "dataEvents": "true",
    "delivery": "true",
    "kmsKey": "create",
    "malwareScan": "true",
    "webhookUrls": '["https://hooks.example.com/images"]',
}
_NEEDED: Final = {"webhookUrls": {"webhookSecret": "sixteen-letters-or-more"}}
# Pairs that allow something which neither allows alone.
_TOGETHER: Final = (("accessLogs", "delivery"), ("kmsKey", "delivery"))
_ARN: Final = re.compile(r"arn:aws:[^:]*:[^:]*:[^:]*:(.+)")


class Statement(NamedTuple):
    """One statement of a policy, in the words of the tables."""

    effect: str
    who: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]


def documents() -> dict[Path, str]:
    """The security document with its tables."""
    document = DOCS / "security" / "permissions.md"
    return {document: with_section(document.read_text("utf-8"), "principals", tables(statements()))}


@cache
def statements() -> Mapping[Statement, str]:
    """What the policies of a stack say: each statement with the settings it depends on, in words."""
    always = set(_of_stack({}))
    by_setting = {key: set(_with(key)) for key in _OPTIONS}
    found = {}
    for statement in always.union(*by_setting.values()):
        there = [f"`{key}`" for key, with_it in by_setting.items() if statement in with_it]
        gone = [f"`{key}`" for key, with_it in by_setting.items() if statement not in with_it]
        only = [f"with {' or '.join(there)}"] if statement not in always else []
        unless = [f"without {' and '.join(gone)}"] if statement in always and gone else []
        found[statement] = "".join(only + unless)
    for pair in _TOGETHER:
        label = f"with {' and '.join(f'`{key}`' for key in pair)}"
        found |= {statement: label for statement in _with(*pair) if statement not in found}
    return found


def _with(*keys: str) -> Iterator[Statement]:
    needed = [_NEEDED.get(key, {}) for key in keys]
    return _of_stack(dict(ChainMap({key: _OPTIONS[key] for key in keys}, *needed)))


def tables(found: Mapping[Statement, str]) -> str:
    """Both tables: what is allowed, and what is refused to everyone."""
    return f"{_table('who may', 'Allow', found)}\n{_table('who may not', 'Deny', found)}"


def _table(title: str, effect: str, found: Mapping[Statement, str]) -> str:
    head = f"| {title} | do what | with what | only if | settings |\n| --- | --- | --- | --- | --- |\n"
    rows = [(statement.who, settings, statement) for statement, settings in found.items()]
    return head + "".join(
        f"| {who} | {_listed(row.actions)} | {_listed(row.resources)} "
        f"| {'<br>'.join(row.conditions)} | {settings} |\n"
        for who, settings, row in sorted(rows)
        if row.effect == effect
    )


def _listed(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _of_stack(settings: Mapping[str, str]) -> Iterator[Statement]:
    overrides = {f"image-intake:{key}": value for key, value in settings.items()}
    resources = run_program(DOCS.parent, "dev", FakeCloud(), overrides).resources
    for resource in resources:
        if resource.type == "aws:lambda/permission:Permission":
            yield _permission(resource.inputs)
        for value in resource.inputs.values():
            for statement in _policy(value):
                yield _statement(resource, statement)


def _policy(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, str) or '"Statement"' not in value:
        return []
    found: list[dict[str, Any]] = json.loads(value)["Statement"]
    return found


def _permission(inputs: Mapping[str, Any]) -> Statement:
    return Statement(
        effect="Allow",
        who=f"service `{inputs['principal']}`",
        actions=(inputs["action"],),
        resources=(_short(inputs["function"]),),
        conditions=tuple(
            condition
            for key, condition in {
                "sourceArn": f"`aws:SourceArn` ArnLike `{_short(inputs['sourceArn'])}`",
                "functionUrlAuthType": "`lambda:FunctionUrlAuthType` StringEquals `AWS_IAM`",
                "invokedViaFunctionUrl": "`lambda:InvokedViaFunctionUrl` Bool `true`",
            }.items()
            if key in inputs
        ),
    )


def _statement(resource: RegisteredResource, statement: Mapping[str, Any]) -> Statement:
    return Statement(
        effect=statement["Effect"],
        who=_who(resource, statement.get("Principal")),
        actions=tuple(_strings(statement["Action"])),
        # A trust policy names no resource, and in a key's own policy `*` is the key.
        resources=tuple(
            _short(each) if each != "*" or "Principal" not in statement else _short(_subject(resource))
            for each in _strings(statement.get("Resource", "*"))
        ),
        conditions=tuple(
            f"`{key}` {operator} {' or '.join(f'`{_short(each)}`' for each in _strings(value))}"
            for operator, conditions in statement.get("Condition", {}).items()
            for key, value in conditions.items()
        ),
    )


def _subject(resource: RegisteredResource) -> str:
    # A key's policy is called as the key, with its kind behind.
    return resource.name.removesuffix("-policy")


def _who(resource: RegisteredResource, principal: Any) -> str:
    if principal is None:
        return f"role `{_short(resource.inputs['role'])}`"
    if principal == "*":
        return "everyone"
    [(kind, names)] = principal.items()
    word = "service " if kind == "Service" else ""
    return word + ", ".join("the account" if n.endswith(":root") else f"`{n}`" for n in _strings(names))


def _strings(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _short(arn: str) -> str:
    match = _ARN.fullmatch(arn)
    return (match[1] if match else arn).replace("-0a1b2c3", "").replace(ACCOUNT, "this account")
