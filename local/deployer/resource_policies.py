"""Resource policies as the emulator can hold them."""

import json
from typing import Any

from local.deployer.registry import Target

_NOTE = (
    "statements that deny plain HTTP (aws:SecureTransport): the emulator speaks nothing else, "
    "they would lock every caller out"
)


def without_tls_only(target: Target, policy: str) -> str | None:
    """A resource policy without the statements that deny plain HTTP; None if no other is left.

    Presigned URLs are opened by browsers and curl, which cannot pretend to come over TLS.
    """
    document = json.loads(policy)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    kept = [statement for statement in statements if not _denies_plain_http(statement)]
    if len(kept) < len(statements):
        target.leave_out(_NOTE)
    return json.dumps({**document, "Statement": kept}) if kept else None


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement["Effect"] == "Deny" and secure in ("false", False, ["false"], [False])
