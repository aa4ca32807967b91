"""Permissions as plain values: grants, and the policy documents made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

_VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a role may do: `actions` on `resources` (ARNs), and the reason, one clause.

    A component that owns a resource makes the grants for it; a function puts those it was given
    into the policy of its role.
    """

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    why: str

    def statement(self) -> dict[str, Any]:
        """The grant as a statement of an identity policy."""
        return {"Effect": "Allow", "Action": sorted(self.actions), "Resource": list(self.resources)}


def policy_document(statements: Sequence[Mapping[str, Any]]) -> pulumi.Output[str]:
    """A policy as JSON text that is the same on every run."""
    document = {"Version": _VERSION, "Statement": list(statements)}
    return pulumi.Output.json_dumps(document, sort_keys=True)


def trust_document(service: str) -> pulumi.Output[str]:
    """The trust policy of a role that only `service` (`lambda.amazonaws.com`) assumes."""
    return policy_document(
        [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]
    )


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
