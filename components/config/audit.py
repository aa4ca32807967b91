"""Access logs of the buckets and data events of CloudTrail."""

from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between
from components.config.stack import StackConfig


@dataclass(frozen=True, kw_only=True)
class AuditConfig(StackConfig):
    """`access_logs` and `data_events` select the records that are kept for `audit_retention_days`."""

    access_logs: bool
    data_events: bool
    audit_retention_days: Annotated[int, Between(1, 3_650)]
