"""What alarms and dashboard look at is what functions write and resources have."""

import json

OWN = "image-intake"
# Units and dimensions are not in the program: the names are AWS's.
KNOWN = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
        "NumberOfMessagesSent",
    },
    "AWS/Lambda": {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "IteratorAge", "Throttles"},
    "AWS/ApiGateway": {"4xx", "5xx", "Count", "Latency"},
    "AWS/DynamoDB": {
        "ConsumedReadCapacityUnits",
        "ConsumedWriteCapacityUnits",
        "ReadThrottleEvents",
        "WriteThrottleEvents",
    },
}


def emitted(written):
    """The metrics in embedded metric format: (namespace, name, dimensions)."""
    found = set()
    for line in [line for lines in written.values() for line in lines if "_aws" in line]:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = tuple((name, line[name]) for name in names)
                found |= {(directive["Namespace"], m["Name"], dimensions) for m in directive["Metrics"]}
    return found


def alarmed(stack):
    for alarm in stack.all(":MetricAlarm"):
        parts = [query["metric"] for query in alarm.inputs.get("metricQueries", []) if "metric" in query]
        for part in parts or [alarm.inputs]:
            yield part["namespace"], part["metricName"], tuple(sorted(part["dimensions"].items()))


def graphed(stack):
    for widget in json.loads(stack.one(":Dashboard").inputs["dashboardBody"])["widgets"]:
        for entry in widget["properties"].get("metrics", []):
            if len(entry) > 1:
                namespace, name, *dimensions, _ = entry
                yield namespace, name, tuple(sorted(zip(dimensions[::2], dimensions[1::2], strict=True)))


def test_alarms_and_dashboard_look_at_metrics_that_the_functions_write(prod, written):
    wanted = {metric for metric in [*alarmed(prod), *graphed(prod)] if metric[0] == OWN}
    assert {name for _, name, _ in wanted} >= {
        "Announced",
        "Published",
        "QuotaRefused",
        "Rejected",
        "SettleTime",
        "RecordTime",
    }
    assert wanted <= emitted(written)


def test_the_metrics_of_a_pipeline_are_not_those_of_another_stack(dev, written):
    assert not {metric for metric in graphed(dev) if metric[0] == OWN} & emitted(written)


def test_what_aws_measures_is_looked_up_by_the_names_that_aws_gives_it(stack):
    for namespace, name, _ in [*alarmed(stack), *graphed(stack)]:
        assert namespace == OWN or name in KNOWN[namespace]


def test_what_aws_measures_is_looked_up_for_resources_of_this_stack(stack):
    ids = {
        "QueueName": {queue.outputs["name"] for queue in stack.all(":Queue")},
        "FunctionName": {function.outputs["name"] for function in stack.all("/function:Function")},
        "ApiId": {api.id for api in stack.all("/api:Api")},
        "TableName": {table.outputs["name"] for table in stack.all("/table:Table")},
        "GlobalSecondaryIndexName": {
            index["name"]
            for index in stack.one("/table:Table", "intake-ImageMetadata").inputs["globalSecondaryIndexes"]
        },
    }
    for namespace, _, dimensions in [*alarmed(stack), *graphed(stack)]:
        if namespace != OWN:
            for name, value in dimensions:
                assert value in ids[name]
