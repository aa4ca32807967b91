"""What rings, and what the functions tell about themselves, in the deployed system."""

import json
import uuid

import pytest

from tests.e2e.actions import eventually, settled, upload


@pytest.fixture
def pager(system):
    """A queue that hears what the alarm topic says: the names of alarms and their new states."""
    sqs = system.client("sqs")
    url = sqs.create_queue(QueueName=f"pager-{uuid.uuid4()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = system.outputs["alarmTopicArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = system.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def heard():
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            told = json.loads(json.loads(message["Body"])["Message"])
            return told["AlarmName"], told["NewStateValue"]
        return None

    yield heard
    system.client("sns").unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def alarm(system, name):
    """The alarm of that name, as CloudWatch knows it."""
    [found] = [each for each in alarms(system) if each["AlarmDescription"].endswith(f"#{name}")]
    return found


def alarms(system):
    described = system.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return [*described["MetricAlarms"], *described["CompositeAlarms"]]


def ring(system, name, state):
    system.client("cloudwatch").set_alarm_state(
        AlarmName=alarm(system, name)["AlarmName"], StateValue=state, StateReason="a test"
    )


def test_the_stack_has_its_alarms_and_its_dashboard(system):
    assert len(alarms(system)) == 23
    [entry] = system.client("cloudwatch").list_dashboards()["DashboardEntries"]
    assert system.outputs["dashboardUrl"].endswith(f"={entry['DashboardName']}")


def test_an_alarm_of_its_own_is_heard_when_it_begins_and_when_it_ends(system, pager):
    name = alarm(system, "dead-letters")["AlarmName"]
    ring(system, "dead-letters", "ALARM")
    assert pager() == (name, "ALARM")
    ring(system, "dead-letters", "OK")
    assert pager() == (name, "OK")


def test_alarms_that_ring_together_are_heard_as_one(system, pager):
    for name in ("queue-age", "resize-errors"):
        ring(system, name, "ALARM")
    assert pager() == (alarm(system, "resize-unhealthy")["AlarmName"], "ALARM")
    assert pager() is None
    for name in ("queue-age", "resize-errors"):
        ring(system, name, "OK")
    assert pager() == (alarm(system, "resize-unhealthy")["AlarmName"], "OK")


def test_the_functions_write_the_metrics_that_alarms_look_at(system, photograph):
    settled(system, upload(system, "watched.jpg", photograph))
    wanted = {
        (query["metric"]["metricName"], query["metric"]["dimensions"]["service"])
        for resource in system.deployment.resources
        for query in resource.inputs.get("metricQueries", [])
        if query.get("metric", {}).get("namespace") == "image-intake"
    }
    assert {name for name, _ in wanted} == {"Announced", "Published", "Rejected"}
    assert eventually(lambda: wanted <= written(system))


def written(system):
    """The metrics in the logs of all functions, with the service they are of."""
    lines = [
        json.loads(line)
        for name in ("resizeFunctionName", "apiFunctionName", "publishFunctionName")
        for line in system.logs(system.outputs[name])
        if '"_aws"' in line
    ]
    return {
        (metric["Name"], line["service"])
        for line in lines
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
