"""Conditions as CloudWatch alarms, and composites of those that are raised together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.monitoring.condition import Condition, Group
from components.monitoring.metrics import Metric

_RUNBOOK: Final = "docs/runbook.md"


class Alarms(Component):
    """The alarms of a pipeline by name, the composites first."""

    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]
    composites: Mapping[str, aws.cloudwatch.CompositeAlarm]
    arns: Sequence[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        service: str,
        conditions: Sequence[Condition],
        groups: Sequence[Group],
        topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("Alarms", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        grouped = {member for group in groups for member in group.members}
        self.alarms = {
            each.name: aws.cloudwatch.MetricAlarm(
                f"{name}-{each.name}",
                alarm_description=_description(each),
                comparison_operator="GreaterThanThreshold",
                threshold=each.above,
                evaluation_periods=each.of or each.bad,
                datapoints_to_alarm=each.bad,
                # Events that did not happen are not counted: missing data is not a fault.
                treat_missing_data="notBreaching",
                **_value(each),
                **_actions([] if each.name in grouped else [topic_arn]),
                opts=child,
            )
            for each in conditions
        }
        self.composites = {
            group.name: aws.cloudwatch.CompositeAlarm(
                f"{name}-{group.name}",
                alarm_name=f"{service}-{group.name}",
                alarm_description=_description(group),
                alarm_rule=_any_of([self.alarms[member] for member in group.members]),
                **_actions([topic_arn]),
                opts=child,
            )
            for group in groups
        }
        self.arns = [
            *(alarm.arn for alarm in self.composites.values()),
            *(alarm.arn for alarm in self.alarms.values()),
        ]
        self.register_outputs({"arns": self.arns})


def _description(alarm: Condition | Group) -> str:
    return f"{alarm.first} Runbook: {_RUNBOOK}#{alarm.name}"


def _actions(topics: list[pulumi.Input[str]]) -> dict[str, Any]:
    return {"alarm_actions": topics, "ok_actions": topics} if topics else {}


def _any_of(alarms: Sequence[aws.cloudwatch.MetricAlarm]) -> pulumi.Output[str]:
    names = pulumi.Output.all(*(alarm.name for alarm in alarms))
    return names.apply(lambda known: " OR ".join(f'ALARM("{name}")' for name in known))


def _value(condition: Condition) -> dict[str, Any]:
    if condition.expression:
        return {"metric_queries": _queries(condition)}
    (metric,) = condition.metrics.values()
    percentile = metric.statistic.startswith("p")
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": metric.dimensions,
        "period": condition.period_seconds,
        "extended_statistic" if percentile else "statistic": metric.statistic,
    }


def _queries(condition: Condition) -> list[dict[str, Any]]:
    value = {
        "id": "value",
        "expression": condition.expression,
        "label": condition.name,
        "return_data": True,
    }
    return [
        value,
        *(
            {"id": key, "metric": _stat(metric, condition.period_seconds), "return_data": False}
            for key, metric in condition.metrics.items()
        ),
    ]


def _stat(metric: Metric, period_seconds: int) -> dict[str, Any]:
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": metric.dimensions,
        "period": period_seconds,
        "stat": metric.statistic,
    }
