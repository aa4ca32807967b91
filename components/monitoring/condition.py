"""The condition of an alarm, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.monitoring.metrics import Metric


@dataclass(frozen=True, kw_only=True)
class Condition:
    """An alarm: its value is above `above` in `bad` of the last `of` periods, or in `bad` on end.

    `first` is the first step for whoever is paged, in a sentence. The value is the only one of `metrics`,
    or `expression` over them by their ids.
    """

    name: str
    first: str
    metrics: Mapping[str, Metric]
    above: float = 0
    period_seconds: int = 300
    bad: int = 1
    of: int | None = None
    expression: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alarms that one fault sets off together: only their composite notifies."""

    name: str
    first: str
    members: tuple[str, ...]
