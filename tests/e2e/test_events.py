"""What others are told: by a rule on the bus and a queue behind it, as a subscriber would."""

import json

import pytest

from handlers.contract import keys
from local.system import PROJECT, deployed
from tests.e2e.actions import announce, eventually, row, settled, upload, variant_keys
from tests.e2e.event_subscriber import Subscriber
from tests.unit.event_schema import complaints


@pytest.fixture(scope="module")
def system():
    """A system of these tests' own: they take rights away, and change presets."""
    with deployed(config={"maxConcurrency": 2}) as running:
        yield running


@pytest.fixture(scope="module")
def subscriber(system):
    return Subscriber(system)


def role_of(system, function):
    """The ARN of the role that a function runs with."""
    found = system.client("lambda").get_function_configuration(FunctionName=system.outputs[function])
    return found["Role"]


def test_an_image_that_is_ready_is_told_with_what_is_needed_to_use_it(system, subscriber, photograph):
    image_id = upload(system, "told.jpg", photograph)
    document = settled(system, image_id)
    [event] = subscriber.told(image_id)
    assert complaints(event) == []
    assert event["detail-type"] == "Image Ready"
    detail = event["detail"]
    assert {variant["key"] for variant in detail["variants"].values()} == variant_keys(system, image_id)
    assert detail["original"]["bytes"] == len(photograph)
    assert detail["batchId"] == document["batchId"]
    assert detail["processedAt"] == document["processedAt"]
    s3 = system.client("s3")
    for variant in detail["variants"].values():
        found = s3.head_object(Bucket=variant["bucket"], Key=variant["key"])
        assert (found["ContentLength"], found["ContentType"]) == (variant["bytes"], variant["contentType"])
    original = detail["original"]
    s3.head_object(Bucket=original["bucket"], Key=original["key"], VersionId=original["versionId"])


def test_the_documented_pattern_takes_what_it_says(system, photograph):
    text = (PROJECT / "docs" / "events.md").read_text("utf-8")
    documented = json.loads(text.partition("```json\n")[2].partition("```")[0])
    wide = documented["detail"]["facts"]["width"][0]["numeric"]
    assert wide == [">", 4000]
    too_narrow = Subscriber(system, documented)
    wide[1] = 100
    wide_enough = Subscriber(system, documented)
    image_id = upload(system, "wide.jpg", photograph)
    assert wide_enough.told(image_id)
    assert not too_narrow.about(image_id)


def test_an_image_that_is_none_is_told_with_the_reason(system, subscriber):
    image_id = upload(system, "letter.jpg", b"Dear Sir or Madam")
    settled(system, image_id)
    [event] = subscriber.told(image_id)
    assert complaints(event) == []
    assert event["detail-type"] == "Image Rejected"
    assert event["detail"]["reason"] == "NotAnImage"


def test_an_image_that_fails_is_told_with_the_error(system, subscriber, photograph):
    image_id, _ = announce(system, "cursed.jpg", len(photograph))
    bucket, s3 = system.outputs["originalsBucket"], system.client("s3")
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": role_of(system, "resizeFunctionName")},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/{keys.original_key(image_id)}",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    try:
        s3.put_object(Bucket=bucket, Key=keys.original_key(image_id), Body=photograph)
        [event] = subscriber.told(image_id, seconds=90)
    finally:
        s3.delete_bucket_policy(Bucket=bucket)
    assert complaints(event) == []
    assert event["detail-type"] == "Image Failed"
    assert event["detail"]["attempts"] == 5
    assert event["detail"]["reason"]
    assert event["detail"]["error"]


def test_an_image_is_ready_while_nothing_can_be_told_and_told_once_it_can(system, subscriber, photograph):
    iam, role = system.client("iam"), role_of(system, "publishFunctionName").rpartition("/")[2]
    function = system.outputs["publishFunctionName"]
    deny = {"Effect": "Deny", "Action": "events:PutEvents", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="mute",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    try:
        image_ids = [upload(system, f"muted-{number}.jpg", photograph) for number in range(3)]
        assert {settled(system, image_id)["status"] for image_id in image_ids} == {"READY"}
        assert eventually(lambda: any("not published" in line for line in system.logs(function)))
        assert not any(subscriber.about(image_id) for image_id in image_ids)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="mute")
    for image_id in image_ids:
        assert {event["detail"]["imageId"] for event in subscriber.told(image_id)} == {image_id}


def test_a_row_that_cannot_be_told_is_kept_and_those_behind_it_are_told(system, subscriber, photograph):
    sqs, url = system.client("sqs"), system.outputs["eventDeadLetterQueueUrl"]
    odd = {"ImageID": {"S": "odd"}, "Status": {"S": "READY"}, "PresetHash": {"S": "?"}}
    system.client("dynamodb").put_item(TableName=system.outputs["tableName"], Item=odd)
    assert subscriber.told(upload(system, "behind.jpg", photograph))
    [letter] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(letter["Body"])["dynamodb"]["NewImage"] == odd
    assert not subscriber.about("odd")


def test_an_image_that_is_uploaded_again_is_told_again_and_once(system, subscriber, photograph):
    image_id, bucket = "again", system.outputs["originalsBucket"]
    for number in (1, 2):
        system.client("s3").put_object(
            Bucket=bucket, Key=keys.original_key(image_id), Body=photograph + bytes(number)
        )
        assert eventually(lambda number=number: len(subscriber.about(image_id)) == number)
    assert eventually(lambda: "Superseded" not in row(system, image_id))
    # Behind what the removal of the first variants wrote, which would have been told before it.
    assert subscriber.told(upload(system, "later.jpg", photograph))
    first, second = subscriber.about(image_id)
    assert first["detail"]["sequencer"] < second["detail"]["sequencer"]
    assert first["detail"]["id"] != second["detail"]["id"]


@pytest.mark.parametrize("by", ["the API", "S3"])
def test_an_image_that_is_deleted_is_told_after_it_was_ready(system, subscriber, photograph, by):
    image_id = upload(system, "deleted.jpg", photograph)
    settled(system, image_id)
    if by == "the API":
        assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    else:
        bucket, key = system.outputs["originalsBucket"], keys.original_key(image_id)
        system.client("s3").delete_object(Bucket=bucket, Key=key)
    assert eventually(lambda: len(subscriber.about(image_id)) == 2)
    # Behind what S3's own event about the original writes, which would have been told before it.
    assert subscriber.told(upload(system, "later.jpg", photograph))
    ready, deleted = subscriber.about(image_id)
    assert complaints(deleted) == []
    assert deleted["detail-type"] == "Image Deleted"
    assert deleted["detail"]["owner"] == ready["detail"]["owner"]
    assert deleted["detail"]["sequencer"] > ready["detail"]["sequencer"]
    assert deleted["detail"]["erased"] is False
