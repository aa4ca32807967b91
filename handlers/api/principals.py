"""Who calls: the principal that an image belongs to, as API Gateway established it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.api import problems
from handlers.contract.rows import DELETED, MAX_OWNER_BYTES, Row

ANONYMOUS: Final = "anonymous"
_ADMIN_SCOPE: Final = "admin"
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>[0-9]*):assumed-role/(?P<role>[^/]+)/.*")
_ROLE = re.compile(r"(?P<account>arn:[^:]+:iam::[0-9]*:role)/(?:.*/)?(?P<role>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A caller. `name` is what rows hold as `Owner`; `admin` is who sees the images of all."""

    name: str
    admin: bool = False

    def may_see(self, row: Row) -> bool:
        """Whether an image is the caller's. One without an owner is the administrators' alone, a deleted one
        nobody's.
        """
        return row["Status"] != DELETED and (self.admin or row.get("Owner") == self.name)


def identify(authorizer: Mapping[str, Any], *, auth: str, admins: Collection[str]) -> Principal:
    """The principal of a request.

    `authorizer` is that of the request's context, `auth` the stack's `apiAuth`, `admins` are ARNs
    of users and roles. Raises Problem (403) when the caller cannot be distinguished from another.
    """
    if auth == "none":
        return Principal(name=ANONYMOUS)
    if auth == "jwt":
        principal = _bearer((authorizer.get("jwt") or {}).get("claims") or {})
    else:
        principal = _signer(authorizer.get("iam") or {}, {without_path(arn) for arn in admins})
    if principal is None or not 0 < _bytes(principal.name) <= MAX_OWNER_BYTES:
        raise problems.unidentified_caller()
    return principal


def _bytes(name: str) -> int:
    """The size of a name in UTF-8; 0 for one with half a surrogate pair, which has none there."""
    try:
        return len(name.encode())
    except UnicodeEncodeError:
        return 0


def without_path(arn: str) -> str:
    """A role's ARN without the path, which the sessions of a role do not contain."""
    return _ROLE.sub(r"\g<account>/\g<role>", arn)


def _bearer(claims: Mapping[str, str]) -> Principal | None:
    """A token's issuer and subject, an administrator by its scope."""
    if not claims.get("iss") or not claims.get("sub"):
        return None
    admin = _ADMIN_SCOPE in claims.get("scope", "").split(" ")
    return Principal(name=f"{claims['iss']}#{claims['sub']}", admin=admin)


def _signer(caller: Mapping[str, Any], admins: Collection[str]) -> Principal | None:
    """A user's ARN, or a role's: sessions of a role are one principal.

    All users of a Cognito identity pool share a role, so for them their identity is added.
    """
    arn = caller.get("userArn")
    if not arn:
        return None
    session = _SESSION.fullmatch(arn)
    name = "arn:{partition}:iam::{account}:role/{role}".format(**session.groupdict()) if session else arn
    admin = name in admins
    identity = (caller.get("cognitoIdentity") or {}).get("identityId")
    return Principal(name=f"{name}/{identity}" if identity else name, admin=admin)
