"""What holds in production stacks only, and which those are."""

import re
from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, Rule

_PAGE: Final = "GET /"
_NAMES: Final = re.compile(r"(^|[-_.])(prod|production)($|[-_.])")


def is_production(stack: str, *, protect: bool) -> bool:
    """Whether these rules hold for the stack of that name.

    They do if it says so itself with `protect: true`, and also if it is called `prod` or
    `production`, alone or beside other words (`prod-eu`): production that forgot `protect` is
    what they are there to find.
    """
    return protect or _NAMES.search(stack.lower()) is not None


def protected(resource: Resource, _: Stack) -> Iterator[str]:
    """Pulumi refuses to delete what holds data."""
    if not resource.protect:
        yield "holds data and is not protected"


def not_emptied(bucket: Resource, _: Stack) -> Iterator[str]:
    """A bucket is not emptied in order to be destroyed."""
    if bucket.props.get("forceDestroy"):
        yield "is emptied when it is destroyed"


def deletion_protection(table: Resource, _: Stack) -> Iterator[str]:
    """DynamoDB itself refuses to delete a table."""
    if not table.props.get("deletionProtectionEnabled"):
        yield "can be deleted by a single call"


def authorized(route: Resource, _: Stack) -> Iterator[str]:
    """A route asks who calls. The page is public: it is the same for everyone and holds no data."""
    if route.props.get("routeKey") == _PAGE:
        return
    if route.props.get("authorizationType", "NONE") == "NONE":
        yield "can be called by everyone"


RULES: Final = (
    Rule(
        name="production-protected",
        what="What holds data is protected by Pulumi.",
        mend="Set `protect: true` in the stack's configuration.",
        types=(resource_types.BUCKET, resource_types.TABLE, resource_types.KEY),
        check=protected,
        production=True,
    ),
    Rule(
        name="production-bucket-kept",
        what="A bucket is never emptied in order to be destroyed.",
        mend="Set forceDestroy to false.",
        types=(resource_types.BUCKET,),
        check=not_emptied,
        production=True,
    ),
    Rule(
        name="production-table-kept",
        what="A table has deletion protection.",
        mend="Set deletionProtectionEnabled to true.",
        types=(resource_types.TABLE,),
        check=deletion_protection,
        control=Control(ids=("DynamoDB.6",)),
        production=True,
    ),
    Rule(
        name="production-api-authorized",
        what="Every route of an HTTP API asks who calls, except for that of the page.",
        mend="Set apiAuth to iam or jwt.",
        types=(resource_types.ROUTE,),
        check=authorized,
        control=Control(ids=("APIGateway.8",)),
        production=True,
    ),
)
