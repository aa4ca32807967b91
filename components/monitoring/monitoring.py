"""Everything that watches a pipeline, as one component."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.config.alarms import AlarmConfig
from components.monitoring.alarms import Alarms
from components.monitoring.dashboard import dashboard_body
from components.monitoring.metrics import PipelineMetrics
from components.monitoring.queries import QUERIES, Source
from components.monitoring.thresholds import GROUPS, conditions
from components.monitoring.topic import AlarmTopic, AlarmTopicArgs


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """`service` names the pipeline in the account, and so the dashboard and the composite alarms."""

    service: str
    location: Location
    metrics: PipelineMetrics
    publish_memory_mib: int
    log_groups: Mapping[Source, pulumi.Input[str]]
    config: AlarmConfig


class Monitoring(Component):
    """Notifies a person when one is needed, and answers the questions that person then has."""

    topic: AlarmTopic
    alarms: Alarms
    dashboard: aws.cloudwatch.Dashboard
    dashboard_url: pulumi.Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Monitoring", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.topic = AlarmTopic(
            f"{name}-alarms",
            AlarmTopicArgs(service=args.service, location=args.location, config=args.config),
            child,
        )
        self.alarms = Alarms(
            name,
            service=args.service,
            conditions=conditions(args.metrics, args.config),
            groups=GROUPS,
            topic_arn=self.topic.arn,
            opts=child,
        )
        self.dashboard = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.service,
            dashboard_body=dashboard_body(
                args.metrics,
                args.config,
                publish_memory_mib=args.publish_memory_mib,
                alarm_arns=self.alarms.arns,
                region=args.location.region,
                log_groups=args.log_groups,
            ),
            opts=child,
        )
        for query in (each for each in QUERIES if each.source in args.log_groups):
            aws.cloudwatch.QueryDefinition(
                f"{name}-{query.name}",
                name=f"{args.service}/{query.name}",
                log_group_names=[args.log_groups[query.source]],
                query_string=query.text,
                opts=child,
            )
        self.dashboard_url = pulumi.Output.format(
            "https://{0}.console.aws.amazon.com/cloudwatch/home?region={0}#dashboards:name={1}",
            args.location.region,
            args.service,
        )
        self.register_outputs({"topicArn": self.topic.arn, "dashboardUrl": self.dashboard_url})
