"""The resize function and the rate at which the queue feeds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, get_args

from components.config.bounds import Between, OneOf
from components.config.limits import LimitsConfig
from components.config.queue import QueueConfig
from components.config.retention import RetentionConfig
from handlers.contract.presets import Metadata, PresetError, parse_presets


@dataclass(frozen=True, kw_only=True)
class ResizeConfig(LimitsConfig, QueueConfig, RetentionConfig):
    """`record_seconds` is the worst case of one record, `metadata` what variants keep of their original's,
    `malware_scan_minutes` the time after an upload by which its scan must have a result.
    """

    presets: tuple[str, ...]
    metadata: Annotated[str, OneOf(*get_args(Metadata))]
    resize_memory_mib: Annotated[int, Between(1_024, 10_240)]  # the render process is one of two
    record_seconds: Annotated[int, Between(1, 300)]
    retry_base_seconds: Annotated[int, Between(1, 900)]
    batch_size: Annotated[int, Between(1, 10_000)]
    malware_scan: bool
    malware_scan_minutes: Annotated[int, Between(5, 720)]

    def conflicts(self) -> Iterator[str]:
        """Presets that cannot be parsed, and batches that do not fit into the function's timeout."""
        try:
            parse_presets(self.presets)
        except PresetError as error:
            yield f"presets: {error}."
        worst = self.batch_size * self.record_seconds
        if worst > self.resize_timeout_seconds:
            yield (
                f"batchSize: {self.batch_size} messages of recordSeconds {self.record_seconds} "
                f"take {worst} s at worst, more than resizeTimeoutSeconds {self.resize_timeout_seconds}."
            )
        if self.batch_size > 10 and self.batching_window_seconds < 1:
            yield (
                f"batchSize: {self.batch_size} is above 10, which needs batchingWindowSeconds of 1 or more."
            )
