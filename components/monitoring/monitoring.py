"""Everything that watches a pipeline, as one component."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base.arns import Place
from components.monitoring.alarms import Alarms
from components.monitoring.dashboard import DashboardFacts, dashboard_body
from components.monitoring.metrics import Watched
from components.monitoring.queries import QUERIES, Source
from components.monitoring.thresholds import GROUPS, AlarmLimits, conditions
from components.monitoring.topic import AlarmTopic, AlarmTopicArgs


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """`watched` says what is looked at, `limits` from where on it is wrong.

    `service` names the pipeline among all of the account: alarms that CloudWatch does not name
    itself and the dashboard are called so.
    """

    service: str
    place: Place
    watched: Watched
    limits: AlarmLimits
    dashboard: DashboardFacts
    log_groups: Mapping[Source, pulumi.Input[str]]
    emails: tuple[str, ...]
    urls: tuple[str, ...]
    slack_channel: str
    protect: bool


class Monitoring(pulumi.ComponentResource):
    """Rings when something needs a person, and answers the questions that person then has."""

    topic: AlarmTopic
    alarms: Alarms
    dashboard: aws.cloudwatch.Dashboard
    dashboard_url: pulumi.Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:index:Monitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.topic = AlarmTopic(
            f"{name}-alarms",
            AlarmTopicArgs(
                service=args.service,
                place=args.place,
                emails=args.emails,
                urls=args.urls,
                slack_channel=args.slack_channel,
                protect=args.protect,
            ),
            child,
        )
        self.alarms = Alarms(
            name,
            service=args.service,
            conditions=conditions(args.watched, args.limits),
            groups=GROUPS,
            topic_arn=self.topic.arn,
            opts=child,
        )
        self.dashboard = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.service,
            dashboard_body=dashboard_body(
                args.watched,
                args.dashboard,
                args.limits,
                alarm_arns=self.alarms.arns,
                region=args.place.region,
                log_groups=args.log_groups,
            ),
            opts=child,
        )
        for query in QUERIES:
            aws.cloudwatch.QueryDefinition(
                f"{name}-{query.name}",
                name=f"{args.service}/{query.name}",
                log_group_names=[args.log_groups[query.source]],
                query_string=query.text,
                opts=child,
            )
        self.dashboard_url = pulumi.Output.format(
            "https://{0}.console.aws.amazon.com/cloudwatch/home?region={0}#dashboards:name={1}",
            args.place.region,
            args.service,
        )
        self.register_outputs({"topicArn": self.topic.arn, "dashboardUrl": self.dashboard_url})
