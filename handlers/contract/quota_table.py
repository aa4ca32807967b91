"""The hours in which announcements are counted, and the key of a count in the table of quotas."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

PARTITION: Final = "Principal"
SORT: Final = "Hour"
# The attribute that counts images.
IMAGES: Final = "Images"
# The attribute that DynamoDB lets a count go by, once its hour is over.
EXPIRES: Final = "ExpiresAt"


@dataclass(frozen=True, kw_only=True)
class Hour:
    """A whole hour of the clock in UTC: `name` as in `2026-01-02T03Z`, `ends` in seconds since 1970."""

    name: str
    ends: int

    @classmethod
    def of(cls, moment: float) -> "Hour":
        """The hour that a moment (seconds since 1970) lies in."""
        begins = datetime.fromtimestamp(moment, UTC).replace(minute=0, second=0, microsecond=0)
        ends = begins + timedelta(hours=1)
        return cls(name=begins.strftime("%Y-%m-%dT%HZ"), ends=int(ends.timestamp()))
