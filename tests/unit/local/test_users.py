import pytest
from botocore.exceptions import ClientError

from local.aws_clients import Clients
from local.deployer import Target
from local.emulator import emulator
from local.users import StackNames, create_operator, create_uploader


@pytest.fixture(scope="module")
def clients():
    with emulator(region="eu-central-1") as running:
        clients = Clients(endpoint=running.endpoint, region=running.region)
        for bucket in ("originals", "somebody-elses"):
            clients.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
        for queue in ("uploads", "somebody-elses"):
            clients.client("sqs").create_queue(QueueName=queue)
        yield clients


@pytest.fixture(scope="module")
def users(clients):
    stack = StackNames(
        api_id="abc",
        buckets=["originals"],
        table="ImageMetadata",
        quotas="quotas",
        queues=["uploads"],
        bus="events",
        functions=["resize"],
        log_groups=["resize-log"],
    )
    target = Target(clients=clients)
    return {"uploader": create_uploader(target, stack), "operator": create_operator(target, stack)}


def denied(call):
    with pytest.raises(ClientError) as error:
        call()
    return "Denied" in error.value.response["Error"]["Code"]


def queue_url(clients, name):
    return clients.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]


def test_the_operator_puts_reads_and_deletes_objects_of_the_stack(clients, users):
    s3 = clients.client("s3", users["operator"])
    s3.put_object(Bucket="originals", Key="uploads/a", Body=b"1")
    assert s3.get_object(Bucket="originals", Key="uploads/a")["Body"].read() == b"1"
    s3.delete_object(Bucket="originals", Key="uploads/a")
    assert "Contents" not in s3.list_objects_v2(Bucket="originals")


def test_the_operator_drains_the_queues_of_the_stack(clients, users):
    sqs, url = clients.client("sqs", users["operator"]), queue_url(clients, "uploads")
    sqs.send_message(QueueUrl=url, MessageBody="m")
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_the_operator_sends_in_batches_and_reads_logs_and_metrics_of_the_stack(clients, users):
    sqs, url = clients.client("sqs", users["operator"]), queue_url(clients, "uploads")
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])
    assert len(sent["Successful"]) == 1
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    hidden = {"Id": "1", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
    assert sqs.change_message_visibility_batch(QueueUrl=url, Entries=[hidden])["Successful"]
    clients.client("logs").create_log_group(logGroupName="resize-log")
    logs = clients.client("logs", users["operator"])
    assert logs.filter_log_events(logGroupName="resize-log")["events"] == []
    assert denied(lambda: logs.filter_log_events(logGroupName="somebody-elses"))
    metric = {"Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent"}
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    cloudwatch = clients.client("cloudwatch", users["operator"])
    cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime="2026-01-01T00:00:00Z", EndTime="2026-01-01T01:00:00Z"
    )


def test_the_operator_has_no_rights_outside_the_stack_and_none_over_its_resources(clients, users):
    s3, sqs = clients.client("s3", users["operator"]), clients.client("sqs", users["operator"])
    assert denied(lambda: s3.list_objects_v2(Bucket="somebody-elses"))
    assert denied(lambda: s3.delete_bucket(Bucket="originals"))
    assert denied(lambda: sqs.delete_queue(QueueUrl=queue_url(clients, "uploads")))
    url = queue_url(clients, "somebody-elses")
    assert denied(lambda: sqs.send_message(QueueUrl=url, MessageBody="m"))


def test_the_uploader_reaches_storage_only_through_the_api(clients, users):
    s3, sqs = clients.client("s3", users["uploader"]), clients.client("sqs", users["uploader"])
    assert denied(lambda: s3.put_object(Bucket="originals", Key="uploads/a", Body=b"1"))
    assert denied(lambda: s3.list_objects_v2(Bucket="originals"))
    assert denied(lambda: sqs.send_message(QueueUrl=queue_url(clients, "uploads"), MessageBody="m"))
