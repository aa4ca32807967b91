"""What the provider counts as CloudWatch: log groups, alarms, dashboards and event buses."""

from typing import Any

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates

_MATH = "metric math of alarms: the emulator takes it, and never evaluates it"
_DELIVERY = "the access logs of CloudFront: the emulator delivers none"
_QUERIES = "saved log queries: the emulator keeps none"


@creates("aws:cloudwatch/logGroup:LogGroup")
def log_group(target: Target, resource: Registration) -> Created:
    """A log group with its retention."""
    name = physical_name(resource, limit=512)
    client = target.client("logs")
    client.create_log_group(logGroupName=name, tags=resource["tags"], **resource.members(kmsKeyId="kmsKeyId"))
    if resource.get("retentionInDays"):
        client.put_retention_policy(logGroupName=name, retentionInDays=resource["retentionInDays"])
    return Created(name, {"name": name, "arn": target.arn("logs", f"log-group:{name}")})


@creates("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(target: Target, resource: Registration) -> Created:
    """An alarm of one metric or of metric math; its id is its name."""
    name = physical_name(resource, limit=255)
    members = _alarm(resource) | resource.members(
        "comparisonOperator",
        "datapointsToAlarm",
        "evaluationPeriods",
        "extendedStatistic",
        "metricName",
        "namespace",
        "period",
        "statistic",
        "threshold",
        "treatMissingData",
    )
    if "dimensions" in resource.inputs:
        members["Dimensions"] = _dimensions(resource["dimensions"])
    if "metricQueries" in resource.inputs:
        target.leave_out(_MATH)
        members["Metrics"] = [_query(each) for each in resource["metricQueries"]]
    target.client("cloudwatch").put_metric_alarm(AlarmName=name, **members)
    return Created(name, {"name": name, "arn": target.arn("cloudwatch", f"alarm:{name}")})


@creates("aws:cloudwatch/compositeAlarm:CompositeAlarm")
def composite_alarm(target: Target, resource: Registration) -> Created:
    """An alarm of alarms; its id is its name."""
    name = physical_name(resource, limit=255, key="alarmName")
    target.client("cloudwatch").put_composite_alarm(
        AlarmName=name, AlarmRule=resource["alarmRule"], **_alarm(resource)
    )
    return Created(name, {"alarmName": name, "arn": target.arn("cloudwatch", f"alarm:{name}")})


@creates("aws:cloudwatch/dashboard:Dashboard")
def dashboard(target: Target, resource: Registration) -> Created:
    """A dashboard; its id is its name."""
    name = physical_name(resource, limit=255, key="dashboardName")
    target.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=resource["dashboardBody"])
    arn = f"arn:aws:cloudwatch::{target.account}:dashboard/{name}"
    return Created(name, {"dashboardName": name, "dashboardArn": arn})


@creates("aws:cloudwatch/eventBus:EventBus")
def event_bus(target: Target, resource: Registration) -> Created:
    """An event bus; its id is its name."""
    name = physical_name(resource, limit=256)
    arn = target.client("events").create_event_bus(
        Name=name,
        Description=resource.get("description", ""),
        Tags=tag_list(resource["tags"]),
        **api_shape(resource.members("kmsKeyIdentifier", "deadLetterConfig")),
    )["EventBusArn"]
    return Created(name, {"name": name, "arn": arn})


@creates("aws:cloudwatch/eventRule:EventRule")
def event_rule(target: Target, resource: Registration) -> Created:
    """A rule on a bus; its id is its name."""
    name = physical_name(resource, limit=64)
    arn = target.client("events").put_rule(
        Name=name,
        Tags=tag_list(resource["tags"]),
        **resource.members("description", "eventBusName", "eventPattern"),
    )["RuleArn"]
    return Created(name, {"name": name, "arn": arn})


@creates("aws:cloudwatch/eventConnection:EventConnection")
def event_connection(target: Target, resource: Registration) -> Created:
    """What authorizes calls of endpoints: a header with a secret. Its id is its name."""
    name = physical_name(resource, limit=64)
    header = resource["authParameters"]["apiKey"]
    key = {"ApiKeyName": header["key"], "ApiKeyValue": header["value"]}
    arn = target.client("events").create_connection(
        Name=name,
        AuthParameters={"ApiKeyAuthParameters": key},
        **resource.members("authorizationType", "description"),
    )["ConnectionArn"]
    return Created(name, {"name": name, "arn": arn})


@creates("aws:cloudwatch/eventApiDestination:EventApiDestination")
def event_api_destination(target: Target, resource: Registration) -> Created:
    """An HTTPS endpoint as the target of a rule; its id is its name."""
    name = physical_name(resource, limit=64)
    members = resource.members(
        "connectionArn", "httpMethod", "invocationEndpoint", "invocationRateLimitPerSecond"
    )
    arn = target.client("events").create_api_destination(Name=name, **members)["ApiDestinationArn"]
    return Created(name, {"name": name, "arn": arn})


@creates("aws:cloudwatch/eventTarget:EventTarget")
def event_target(target: Target, resource: Registration) -> Created:
    """Where a rule sends its events. The provider makes its id when it has none."""
    described = api_shape(resource.members("arn", "deadLetterConfig", "retryPolicy", "roleArn"))
    bus, rule = resource["eventBusName"], resource["rule"]
    target.client("events").put_targets(
        EventBusName=bus, Rule=rule, Targets=[{"Id": resource.name, **described}]
    )
    return Created(f"{bus}-{rule}-{resource.name}", {"targetId": resource.name})


@creates("aws:cloudwatch/queryDefinition:QueryDefinition")
def query_definition(target: Target, resource: Registration) -> Created:
    """Not created: the emulator has no saved queries."""
    target.leave_out(_QUERIES)
    resource.pass_over("logGroupNames", "queryString")
    name = physical_name(resource, limit=255)
    return Created(name, {"name": name, "queryDefinitionId": name})


def _alarm(resource: Registration) -> dict[str, Any]:
    return {
        "Tags": tag_list(resource["tags"]),
        **resource.members(
            "alarmDescription",
            "actionsEnabled",
            "alarmActions",
            "insufficientDataActions",
            okActions="OKActions",
        ),
    }


def _query(query: Any) -> dict[str, Any]:
    shaped: dict[str, Any] = api_shape({key: query[key] for key in query if key != "metric"})
    if "metric" in query:
        metric = query["metric"]
        shaped["MetricStat"] = {
            "Metric": {
                "Namespace": metric["namespace"],
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric.get("dimensions", {})),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return shaped


def _dimensions(dimensions: Any) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@creates("aws:cloudwatch/logDeliverySource:LogDeliverySource")
def log_delivery_source(target: Target, resource: Registration) -> Created:
    """Something that writes logs; its id is its name."""
    name = physical_name(resource, limit=60)
    source = target.client("logs", resource["region"]).put_delivery_source(
        name=name, resourceArn=resource["resourceArn"], logType=resource["logType"], tags=resource["tags"]
    )["deliverySource"]
    return Created(name, {"name": name, "arn": source["arn"]})


@creates("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
def log_delivery_destination(target: Target, resource: Registration) -> Created:
    """Where logs go to; its id is its name."""
    name = physical_name(resource, limit=60)
    destination = target.client("logs", resource["region"]).put_delivery_destination(
        name=name,
        outputFormat=resource["outputFormat"],
        deliveryDestinationConfiguration=resource["deliveryDestinationConfiguration"],
        tags=resource["tags"],
    )["deliveryDestination"]
    return Created(name, {"name": name, "arn": destination["arn"]})


@creates("aws:cloudwatch/logDelivery:LogDelivery")
def log_delivery(target: Target, resource: Registration) -> Created:
    """From a source to a destination. The emulator remembers it."""
    target.leave_out(_DELIVERY)
    delivery = target.client("logs", resource["region"]).create_delivery(
        deliverySourceName=resource["deliverySourceName"],
        deliveryDestinationArn=resource["deliveryDestinationArn"],
        tags=resource["tags"],
    )["delivery"]
    return Created(delivery["id"], {"arn": delivery["arn"]})
