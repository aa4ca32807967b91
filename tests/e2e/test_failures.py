"""What fails, and what that costs its neighbours."""

import json

from handlers.contract import keys
from tests.e2e.actions import (
    announce,
    created,
    dead_letters,
    depth,
    eventually,
    outcomes,
    row,
    send,
    settled,
    variant_keys,
)


def broken_record(system, image_id):
    """An event that fails however often it is tried, but is about an original all the same."""
    return created(system, keys.original_key(image_id), "0F") | {
        "s3": {
            "bucket": {"name": "somebody-elses-bucket"},
            "object": {"key": keys.original_key(image_id), "size": 1, "sequencer": "0F"},
        }
    }


def put(system, image_id, data):
    """Store an original quietly and return the event that S3 would have sent about it."""
    stored = system.client("s3").put_object(
        Bucket=system.outputs["originalsBucket"], Key=keys.original_key(image_id), Body=data
    )
    return created(
        system,
        keys.original_key(image_id),
        "0F",
        size=len(data),
        eTag=stored["ETag"].strip('"'),
        versionId=stored["VersionId"],
    )


def test_one_failing_message_among_good_ones_comes_back_alone(system, photograph):
    good = [f"neighbours/{number}" for number in range(4)]
    for image_id in good:
        put(system, image_id, photograph)
    send(system, broken_record(system, "neighbours/broken"))

    for image_id in good:
        assert settled(system, image_id)["status"] == "READY"
        assert [line["attempt"] for line in outcomes(system, image_id, expected=1)] == [1]
    assert eventually(lambda: dead_letters(system, "neighbours/broken"))
    attempts = [line["attempt"] for line in outcomes(system, "neighbours/broken", expected=5)]
    assert attempts == [1, 2, 3, 4, 5]


def test_a_record_that_fails_does_not_keep_others_of_its_message_from_being_handled(system, photograph):
    good = put(system, "one-message/good", photograph)
    send(system, broken_record(system, "one-message/bad"), good)
    assert settled(system, "one-message/good")["status"] == "READY"
    assert len(variant_keys(system, "one-message/good")) == 3


def test_what_always_fails_is_retried_then_marked_failed_and_dead_lettered(system, photograph):
    image_id, _ = announce(system, "cursed.jpg", len(photograph))
    # The worker may not read this object: a failure that no retry mends.
    bucket = system.outputs["originalsBucket"]
    s3 = system.client("s3")
    role = system.client("lambda").get_function_configuration(
        FunctionName=system.outputs["resizeFunctionName"]
    )["Role"]
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": role},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/{keys.original_key(image_id)}",
    }
    curse = {"Version": "2012-10-17", "Statement": [deny]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(curse))
    try:
        s3.put_object(Bucket=bucket, Key=keys.original_key(image_id), Body=photograph)
        document = settled(system, image_id)
        assert document["status"] == "FAILED"
        assert document["attempts"] == 5
        assert row(system, image_id)["FileName"]["S"] == "cursed.jpg"
        assert eventually(lambda: dead_letters(system, image_id))
        assert [line["outcome"] for line in outcomes(system, image_id, expected=5)] == ["retry"] * 5
    finally:
        s3.delete_bucket_policy(Bucket=bucket)

    [body] = dead_letters(system, image_id)
    send(system, body=body)
    assert eventually(lambda: row(system, image_id)["Status"]["S"] == "READY")
    assert len(variant_keys(system, image_id)) == 3


def test_test_events_vanish_and_malformed_messages_reach_the_dead_letter_queue(system):
    send(system, body='{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "vanishing-test-event"}')
    send(system, body="malformed-and-proud-of-it")
    assert eventually(lambda: dead_letters(system, "malformed-and-proud-of-it"))
    assert dead_letters(system, "vanishing-test-event") == []
    assert eventually(lambda: depth(system, system.outputs["queueUrl"]) == 0)
