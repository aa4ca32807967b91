"""The widgets of a CloudWatch dashboard as plain values, and where they stand on it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.monitoring.metrics import Metric

GRID_COLUMNS: Final = 24
# The kinds of widgets whose data is that of a region.
_REGIONAL: Final = ("metric", "log")


@dataclass(frozen=True, kw_only=True)
class Widget:
    """`width` of the grid's 24 columns, `height` in rows of it."""

    kind: str
    properties: Mapping[str, Any]
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line of a graph: a metric, or an expression over the ids of others; hidden ones only count."""

    label: str
    metric: Metric | None = None
    expression: pulumi.Input[str] = ""
    id: str = ""
    hidden: bool = False

    def entry(self) -> list[Any]:
        """The line as the dashboard spells it."""
        options: dict[str, Any] = {"label": self.label}
        if self.id:
            options["id"] = self.id
        if self.hidden:
            options["visible"] = False
        if self.metric is None:
            return [{**options, "expression": self.expression}]
        dimensions = [part for pair in self.metric.dimensions.items() for part in pair]
        return [
            self.metric.namespace,
            self.metric.name,
            *dimensions,
            {**options, "stat": self.metric.statistic},
        ]


def heading(text: str) -> Widget:
    """A line of text over the whole width."""
    properties = {"markdown": f"## {text}", "background": "transparent"}
    return Widget(kind="text", properties=properties, width=GRID_COLUMNS, height=1)


def alarm_states(title: str, arns: Sequence[pulumi.Input[str]]) -> Widget:
    """The states of alarms, the raised ones first."""
    properties = {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}
    return Widget(kind="alarm", properties=properties, width=GRID_COLUMNS, height=4)


def graph(
    title: str,
    series: Mapping[str, Metric] | Sequence[Series],
    *,
    limits: Mapping[str, float] | None = None,
    period_seconds: int = 60,
    width: int = 8,
    view: str = "timeSeries",
) -> Widget:
    """Lines over time (or, as `singleValue`, their latest values), for metrics by their labels or for series.

    `limits` are horizontal lines.
    """
    if isinstance(series, Mapping):
        series = [Series(label=label, metric=metric) for label, metric in series.items()]
    properties: dict[str, Any] = {
        "title": title,
        "view": view,
        "period": period_seconds,
        "metrics": [each.entry() for each in series],
    }
    if view == "timeSeries":
        properties["yAxis"] = {"left": {"min": 0, "showUnits": False}}
    if limits:
        lines = [{"label": label, "value": value} for label, value in limits.items()]
        properties["annotations"] = {"horizontal": lines}
    return Widget(kind="metric", properties=properties, width=width, height=6)


def log_table(title: str, log_group: pulumi.Input[str], query: str) -> Widget:
    """The answer of a Logs Insights query as a table."""
    source = pulumi.Output.concat("SOURCE '", log_group, "' | ", query)
    properties = {"title": title, "view": "table", "query": source}
    return Widget(kind="log", properties=properties, width=12, height=6)


def laid_out(region: pulumi.Input[str], *widgets: Widget) -> list[dict[str, Any]]:
    """Widgets of a region from left to right and top to bottom, with their places."""
    placed, x, y, tallest = [], 0, 0, 0
    for widget in widgets:
        if x + widget.width > GRID_COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        where = {"region": region} if widget.kind in _REGIONAL else {}
        placed.append(
            {
                "type": widget.kind,
                "x": x,
                "y": y,
                "width": widget.width,
                "height": widget.height,
                "properties": {**widget.properties, **where},
            }
        )
        x, tallest = x + widget.width, max(tallest, widget.height)
    return placed
