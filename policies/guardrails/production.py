"""What holds in production stacks only, and which those are."""

import re
from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource
from guardrails.rule import Control, resource_rule

_PUBLIC: Final = ("GET /", "GET /openapi.json")
_NAMES: Final = re.compile(r"(^|[-_.])(prod|production)($|[-_.])")


def is_production(stack: str, *, protect: bool) -> bool:
    """Whether these rules hold for the stack of that name.

    They do if it says so itself with `protect: true`, and also if it is called `prod` or
    `production`, alone or beside other words (`prod-eu`): production that forgot `protect` is
    what they are there to find.
    """
    return protect or _NAMES.search(stack.lower()) is not None


@resource_rule(
    "production-protected",
    resource_types.BUCKET,
    resource_types.TABLE,
    resource_types.KEY,
    fix="Set `protect: true` in the stack's configuration.",
    production=True,
)
def protected(resource: Resource) -> Iterator[str]:
    """What holds data is protected by Pulumi."""
    if not resource.protect:
        yield "holds data and is not protected"


@resource_rule(
    "production-bucket-kept", resource_types.BUCKET, fix="Set forceDestroy to false.", production=True
)
def not_emptied(bucket: Resource) -> Iterator[str]:
    """A bucket is never emptied in order to be destroyed."""
    if bucket.props.get("forceDestroy"):
        yield "is emptied when it is destroyed"


@resource_rule(
    "production-table-kept",
    resource_types.TABLE,
    fix="Set deletionProtectionEnabled to true.",
    control=Control(ids=("DynamoDB.6",)),
    production=True,
)
def deletion_protection(table: Resource) -> Iterator[str]:
    """A table has deletion protection."""
    if not table.props.get("deletionProtectionEnabled"):
        yield "can be deleted by a single call"


@resource_rule(
    "production-api-authorized",
    resource_types.ROUTE,
    fix="Set apiAuth to iam or jwt.",
    control=Control(ids=("APIGateway.8",)),
    production=True,
)
def authorized(route: Resource) -> Iterator[str]:
    """Every route of an HTTP API authenticates its callers, except for the page and the API's description."""
    if route.props.get("routeKey") in _PUBLIC:
        return
    if route.props.get("authorizationType", "NONE") == "NONE":
        yield "can be called by everyone"
