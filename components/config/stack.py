"""Settings that every component shares: protection, encryption, logs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import OneOf
from components.config.config_slice import ConfigSlice

# Of one region, or the replica of a multi-region key.
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
_KEY = re.compile(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
_POLICY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_LOG_RETENTION = OneOf(
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)


@dataclass(frozen=True, kw_only=True)
class StackConfig(ConfigSlice):
    """`protect` retains stateful resources when the stack is destroyed; `permissions_boundary` is the ARN
    of the managed policy that bounds every role, or empty.
    """

    protect: bool
    kms_key: str
    permissions_boundary: str
    log_level: Annotated[str, OneOf("DEBUG", "INFO", "WARNING", "ERROR")]
    log_retention_days: Annotated[int, _LOG_RETENTION]

    def conflicts(self) -> Iterator[str]:
        """An alias is refused: policies name the key itself."""
        if self.permissions_boundary and not _POLICY.fullmatch(self.permissions_boundary):
            yield (
                f"permissionsBoundary: {self.permissions_boundary!r} is not the ARN of a managed policy, "
                "such as arn:aws:iam::111122223333:policy/boundary."
            )
        key = self.kms_key
        if key in ("", "create") or _KEY.fullmatch(key):
            return
        if ":alias/" in key or key.startswith("alias/"):
            yield (
                f"kmsKey: {key!r} is an alias, which may name another key tomorrow, while policies name the "
                "key itself; give the key's ARN."
            )
        else:
            yield f"kmsKey: {key!r} is neither create nor the ARN of a KMS key."
