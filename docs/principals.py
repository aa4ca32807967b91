"""Writes the tables of who may do what in `docs/security.md`, from the policies of the program."""  # noqa: INP001 - a script beside what it writes

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from docs.marked import marked
from local.stack import Resource, run_program
from tests.infra.cloud import ACCOUNT, ROOT, FakeCloud

_DOCUMENT: Final = ROOT / "docs" / "security.md"
_BEGIN: Final = "<!-- principals: written by `make principals` -->\n"
_END: Final = "<!-- /principals -->"
# Settings that give somebody a right that nobody has without them.
_OPTIONS: Final = {
    "accessLogs": "true",
    "alarmSlackChannel": "T07EXAMPLE/C07EXAMPLE",
    "dataEvents": "true",
    "kmsKey": "create",
    "malwareScan": "true",
}
_ARN: Final = re.compile(r"arn:aws:[^:]*:[^:]*:[^:]*:(.+)")


class Statement(NamedTuple):
    """One row: `only_with` is the setting without which it is not there."""

    effect: str
    who: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    only_with: str = ""


def main() -> None:
    """Write the tables into the document."""
    _DOCUMENT.write_text(with_tables(_DOCUMENT.read_text("utf-8")), "utf-8")


def with_tables(text: str) -> str:
    """The document with the tables between its markers. Raises ValueError if it has none."""
    return marked(text, _BEGIN, _END, tables(statements()))


def statements() -> list[Statement]:
    """What the policies of a stack say, and what each option adds to them."""
    always = list(_of_stack({}))
    found = dict.fromkeys(always)
    for key, value in _OPTIONS.items():
        added = [each for each in _of_stack({f"image-intake:{key}": value}) if each not in always]
        found |= dict.fromkeys(each._replace(only_with=key) for each in added)
    return list(found)


def tables(rows: Iterable[Statement]) -> str:
    """Both tables: what is allowed to whom, and what is refused whoever asks."""
    allowed = [row for row in rows if row.effect == "Allow"]
    refused = [row for row in rows if row.effect == "Deny"]
    return f"{_table('who may', allowed)}\n{_table('who may not', refused)}"


def _table(title: str, rows: Iterable[Statement]) -> str:
    head = f"| {title} | do what | with what | only if | only with |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(
        f"| {row.who} | {_listed(row.actions)} | {_listed(row.resources)} "
        f"| {'<br>'.join(row.conditions)} | {_listed([row.only_with] if row.only_with else [])} |\n"
        for row in sorted(rows, key=lambda row: (row.who, row.only_with, row.resources, row.actions))
    )


def _listed(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _of_stack(overrides: Mapping[str, str]) -> Iterator[Statement]:
    resources = run_program(ROOT, "dev", FakeCloud(), overrides).resources
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
        conditions=(f"`aws:SourceArn` ArnLike `{_short(inputs['sourceArn'])}`",),
    )


def _statement(resource: Resource, statement: Mapping[str, Any]) -> Statement:
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


def _subject(resource: Resource) -> str:
    # A key's policy is called as the key, with its kind behind.
    return resource.name.removesuffix("-policy")


def _who(resource: Resource, principal: Any) -> str:
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


if __name__ == "__main__":
    main()
