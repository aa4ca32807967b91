"""Names as Pulumi and the AWS APIs spell them."""

import secrets
from collections.abc import Mapping
from typing import Any

from local.deployer.registry import Registration

_SUFFIX_HEX_DIGITS = 7  # https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming


def physical_name(resource: Registration, limit: int, key: str = "name") -> str:
    """The name in AWS: the one the program gives, or the logical name and a random suffix.

    `limit` is how many characters AWS allows; the logical name is cut to leave room for the
    suffix, which keeps two deployments of one program apart.
    """
    given = resource.get(key)
    if given:
        return str(given)
    suffix = secrets.token_hex(4)[:_SUFFIX_HEX_DIGITS]
    if prefix := resource.get(f"{key}Prefix"):
        return f"{prefix}{suffix}"
    return f"{resource.name[: limit - len(suffix) - 1]}-{suffix}"


def api_shape(value: Any, spelled: Mapping[str, str] | None = None) -> Any:
    """The provider's camelCase structure in the PascalCase of most AWS APIs, unset members left out.

    `spelled` gives the members whose spelling there is another one: {"id": "ID"}.
    """
    spelled = spelled or {}
    if isinstance(value, Mapping):
        return {
            spelled.get(key, key[:1].upper() + key[1:]): api_shape(member, spelled)
            for key, member in value.items()
            if member is not None
        }
    if isinstance(value, (list, tuple)):
        return [api_shape(member, spelled) for member in value]
    return value


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the list of keys and values that S3, IAM and DynamoDB take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
