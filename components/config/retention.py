"""How long the buckets of images keep objects."""

from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between
from components.config.stack import StackConfig


@dataclass(frozen=True, kw_only=True)
class RetentionConfig(StackConfig):
    """With `originals_expire_days` 0, originals never expire."""

    incomplete_upload_days: Annotated[int, Between(1, 30)]
    old_version_days: Annotated[int, Between(1, 365)]
    originals_expire_days: Annotated[int, Between(0, 3_650)]
