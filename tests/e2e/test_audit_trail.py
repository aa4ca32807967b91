"""A stack that logs who reads and writes what."""

import pytest

from local.system import deployed
from tests.e2e.actions import settled, upload
from tests.e2e.callers import denied, role_credentials


@pytest.fixture(scope="module")
def audited():
    with deployed(config={"accessLogs": True, "dataEvents": True}) as system:
        yield system


@pytest.fixture
def logs(audited):
    """The name of the bucket of logs."""
    status = audited.client("s3").get_bucket_logging(Bucket=audited.outputs["originalsBucket"])
    return status["LoggingEnabled"]["TargetBucket"]


def test_both_buckets_log_their_requests_to_a_third_by_day(audited, logs):
    s3 = audited.client("s3")
    for bucket in ("originalsBucket", "variantsBucket"):
        assert s3.get_bucket_logging(Bucket=audited.outputs[bucket])["LoggingEnabled"] == {
            "TargetBucket": logs,
            "TargetPrefix": "access/",
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        }
    assert logs.startswith("intake-audit-logs-")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=logs)


def test_the_trail_selects_the_objects_of_both_buckets_and_the_rows(audited, logs):
    cloudtrail = audited.client("cloudtrail")
    [trail] = cloudtrail.describe_trails()["trailList"]
    assert (trail["Name"], trail["S3BucketName"], trail["S3KeyPrefix"]) == (logs, logs, "events")
    assert trail["LogFileValidationEnabled"]
    assert not trail["IsMultiRegionTrail"]
    assert cloudtrail.get_trail_status(Name=logs)["IsLogging"]
    selectors = cloudtrail.get_event_selectors(TrailName=logs)["AdvancedEventSelectors"]
    selected = {
        value
        for selector in selectors
        for field in selector["FieldSelectors"]
        if field["Field"] == "resources.ARN"
        for value in field.get("StartsWith", []) + field.get("Equals", [])
    }
    table = audited.client("dynamodb").describe_table(TableName=audited.outputs["tableName"])["Table"]
    assert selected == {
        f"arn:aws:s3:::{audited.outputs['originalsBucket']}/",
        f"arn:aws:s3:::{audited.outputs['variantsBucket']}/",
        table["TableArn"],
    }


@pytest.mark.parametrize("who", ["uploader", "operator", "resize", "api"])
def test_whose_access_is_logged_neither_reads_nor_writes_the_logs(audited, logs, who):
    if who in {"resize", "api"}:
        caller = role_credentials(audited, audited.outputs[f"{who}FunctionName"])
    else:
        caller = getattr(audited, who)
    audited.client("s3").put_object(Bucket=logs, Key="access/log", Body=b"")
    attempts = {
        "list_objects_v2": {},
        "get_object": {"Key": "access/log"},
        "put_object": {"Key": "access/log"},
        "delete_object": {"Key": "access/log"},
        "delete_bucket_policy": {},
    }
    client = audited.client("s3", caller)
    allowed = [
        operation
        for operation, arguments in attempts.items()
        if not denied(client, operation, {"Bucket": logs, **arguments})
    ]
    assert allowed == []


def test_images_are_rendered_as_ever(audited, photograph):
    assert settled(audited, upload(audited, "dogs.jpg", photograph))["status"] == "READY"


def test_it_is_said_that_nothing_is_delivered_here(audited):
    assert "the access logs of buckets: the emulator delivers none" in audited.notes
    assert "the events of CloudTrail trails: the emulator delivers none" in audited.notes
