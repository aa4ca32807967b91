"""What makes an alarm ring, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.monitoring.metrics import Metric


@dataclass(frozen=True, kw_only=True)
class Condition:
    """An alarm: its value is above `above` in `bad` of the last `of` periods.

    `first` is one sentence that says what to do first. The value is the only one of `metrics`,
    or `expression` over them by their ids.
    """

    name: str
    first: str
    metrics: Mapping[str, Metric]
    above: float
    period_seconds: int
    bad: int
    of: int
    expression: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alarms that one fault makes ring together: only their composite notifies."""

    name: str
    first: str
    members: tuple[str, ...]
