"""Permissions as plain values: grants, and the policy documents made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

_VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a role may do: `actions` on `resources` (ARNs), and the reason, one clause.

    `conditions` are operators, each with its keys and values. `needs` are the grants without which
    this one is of no use, as that of the key which encrypts the resources.

    A component that owns a resource makes the grants for it; a function puts those it was given
    into the policy of its role.
    """

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    why: str
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needs: tuple["Grant", ...] = ()

    def statements(self) -> list[dict[str, Any]]:
        """The grant as statements of an identity policy, with those of what it needs."""
        own: dict[str, Any] = {
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": list(self.resources),
        }
        if self.conditions:
            own["Condition"] = dict(self.conditions)
        return [own, *(statement for grant in self.needs for statement in grant.statements())]


def policy_document(statements: Sequence[Mapping[str, Any]]) -> pulumi.Output[str]:
    """A policy as JSON text that is the same on every run. A statement that comes twice is in it once."""
    once = pulumi.Output.all(*statements).apply(_distinct)
    return pulumi.Output.json_dumps({"Version": _VERSION, "Statement": once}, sort_keys=True)


def trust_document(
    service: str, conditions: Mapping[str, Mapping[str, Any]] | None = None
) -> pulumi.Output[str]:
    """The trust policy of a role that only `service` (`lambda.amazonaws.com`) assumes."""
    trusts = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return policy_document([{**trusts, "Condition": dict(conditions)} if conditions else trusts])


def tls_only(actions: str, resources: Sequence[pulumi.Input[str]]) -> dict[str, Any]:
    """The statement of a resource policy that refuses whatever is not sent over TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _distinct(statements: Sequence[Any]) -> list[Any]:
    return [statement for index, statement in enumerate(statements) if statement not in statements[:index]]
