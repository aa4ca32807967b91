"""The queues, and the two settings of their consumer from which the visibility timeout is derived."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between
from components.config.lanes import LanesConfig
from components.config.stack import StackConfig

_DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class QueueConfig(LanesConfig, StackConfig):
    """Retention and receives of the queues."""

    resize_timeout_seconds: Annotated[int, Between(10, 900)]
    batching_window_seconds: Annotated[int, Between(0, 300)]
    max_receive_count: Annotated[int, Between(5, 1_000)]  # at least 5, as AWS recommends with Lambda
    queue_retention_days: Annotated[int, Between(1, 13)]
    dead_letter_retention_days: Annotated[int, Between(2, 14)]

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a received message is hidden: 6 times the function timeout, plus the batching window.

        The bounds of the two keep it far below the 43,200 s that SQS allows.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        return 6 * self.resize_timeout_seconds + self.batching_window_seconds

    def conflicts(self) -> Iterator[str]:
        """A message that expires before its last receive never reaches the dead-letter queue."""
        last_receive = self.max_receive_count * self.visibility_timeout_seconds
        if last_receive > self.queue_retention_days * _DAY_SECONDS:
            yield (
                f"maxReceiveCount: {self.max_receive_count} receives, each hidden for "
                f"{self.visibility_timeout_seconds} s, take longer than queueRetentionDays "
                f"{self.queue_retention_days}."
            )
        if self.dead_letter_retention_days <= self.queue_retention_days:
            yield (
                f"deadLetterRetentionDays: {self.dead_letter_retention_days} is not more than "
                f"queueRetentionDays {self.queue_retention_days}; age counts from the first send."
            )
