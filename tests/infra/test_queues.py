import json

import pytest

from handlers.contract import keys

QUEUES = ["intake-uploads", "intake-uploads-express"]
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-0a1b2c3"
EXPRESS = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-express-0a1b2c3"
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-dlq-0a1b2c3"
DAY = 86_400


def tls_only(queue):
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": [queue],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize(("name", "arn"), [("intake-uploads", QUEUE), ("intake-uploads-express", EXPRESS)])
def test_a_queue_accepts_messages_of_exactly_this_bucket_and_account(stack, name, arn):
    accepts, tls = stack.statements(":QueuePolicy", f"{name}-policy")
    assert accepts == {
        "Sid": "OriginalsNotifyQueue",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::intake-originals-0a1b2c3"},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }
    assert tls == tls_only(arn)


def test_the_dead_letter_queue_speaks_tls_only_too(stack):
    assert stack.statements(":QueuePolicy", "intake-uploads-dlq-policy") == [tls_only(DEAD_LETTERS)]


def test_each_policy_is_on_its_own_queue(stack):
    for name in (*QUEUES, "intake-uploads-dlq"):
        url = stack.one(":Queue", name).outputs["url"]
        assert stack.one(":QueuePolicy", f"{name}-policy").inputs["queueUrl"] == url


def test_all_queues_are_encrypted(stack):
    queues = stack.all(":Queue")
    assert len(queues) == 4
    assert all(queue.inputs["sqsManagedSseEnabled"] is True for queue in queues)


@pytest.mark.parametrize("name", QUEUES)
def test_failing_messages_of_both_lanes_go_to_one_dead_letter_queue(stack, name):
    redrive = json.loads(stack.one(":Queue", name).inputs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 5}


def test_only_these_queues_may_use_the_dead_letter_queue(stack):
    allowed = stack.one(":RedriveAllowPolicy").inputs
    assert allowed["queueUrl"].endswith("intake-uploads-dlq-0a1b2c3")
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [QUEUE, EXPRESS],
    }


def test_the_visibility_timeout_is_six_function_timeouts_and_the_window(registered):
    stack = registered(resizeTimeoutSeconds="200", batchingWindowSeconds="7")
    for name in QUEUES:
        assert stack.one(":Queue", name).inputs["visibilityTimeoutSeconds"] == 6 * 200 + 7
    assert stack.one("/function:Function", "intake-resize").inputs["timeout"] == 200
    assert (
        stack.one(":EventSourceMapping", "intake-resize-from-queue").inputs["maximumBatchingWindowInSeconds"]
        == 7
    )


def test_dead_letters_outlive_the_queue(prod):
    for name in QUEUES:
        assert prod.one(":Queue", name).inputs["messageRetentionSeconds"] == 7 * DAY
    assert prod.one(":Queue", "intake-uploads-dlq").inputs["messageRetentionSeconds"] == 14 * DAY


def test_the_bucket_notifies_the_queue_of_each_lane_of_what_comes_and_goes_and_nothing_else(stack):
    notification = stack.one(":BucketNotification").inputs
    assert notification["bucket"] == "intake-originals-0a1b2c3"
    by_prefix = {queue["filterPrefix"]: queue["queueArn"] for queue in notification["queues"]}
    assert by_prefix == {keys.ORIGINALS_PREFIXES["bulk"]: QUEUE, keys.ORIGINALS_PREFIXES["express"]: EXPRESS}
    for queue in notification["queues"]:
        assert queue["events"] == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert not {"topics", "lambdaFunctions", "eventbridge"} & notification.keys()


def test_the_queue_policies_exist_before_the_notification_that_needs_them(stack):
    for name in QUEUES:
        policy = stack.one(":QueuePolicy", f"{name}-policy")
        assert policy.urn in stack.one(":BucketNotification").dependencies


def test_the_queue_feeds_the_resize_function_at_the_pace_of_the_stack(dev, prod):
    for stack, concurrency in ((dev, 5), (prod, 100)):
        assert stack.one(":EventSourceMapping", "intake-resize-from-queue").inputs == {
            "eventSourceArn": QUEUE,
            "functionName": stack.one("/function:Function", "intake-resize").outputs["arn"],
            "batchSize": 10,
            "maximumBatchingWindowInSeconds": 1,
            "scalingConfig": {"maximumConcurrency": concurrency},
            "functionResponseTypes": ["ReportBatchItemFailures"],
        }


def test_the_express_queue_feeds_the_same_function_image_by_image_and_without_waiting(registered):
    stack = registered(expressConcurrency="7")
    assert stack.one(":EventSourceMapping", "intake-resize-from-express").inputs == {
        "eventSourceArn": EXPRESS,
        "functionName": stack.one("/function:Function", "intake-resize").outputs["arn"],
        "batchSize": 1,
        "scalingConfig": {"maximumConcurrency": 7},
        "functionResponseTypes": ["ReportBatchItemFailures"],
    }


def test_without_an_allowance_the_bulk_queue_takes_both_lanes_and_the_express_queue_only_stays(registered):
    stack = registered(expressPerHour="0")
    queues = stack.one(":BucketNotification").inputs["queues"]
    assert {queue["filterPrefix"] for queue in queues} == set(keys.ORIGINALS_PREFIXES.values())
    assert {queue["queueArn"] for queue in queues} == {QUEUE}
    assert [each.name for each in stack.all(":EventSourceMapping") if "resize" in each.name] == [
        "intake-resize-from-queue"
    ]
    assert stack.one(":Queue", "intake-uploads-express")
    variables = stack.one("/function:Function", "intake-resize").inputs["environment"]["variables"]
    assert variables["EXPRESS_QUEUE_URL"] == variables["QUEUE_URL"]
    assert stack.deployment.outputs["expressLane"] is False


def test_the_function_sends_an_event_again_to_the_queue_of_its_lane(stack):
    variables = stack.one("/function:Function", "intake-resize").inputs["environment"]["variables"]
    assert variables["EXPRESS_QUEUE_URL"] == stack.one(":Queue", "intake-uploads-express").outputs["url"]
    assert stack.deployment.outputs["expressLane"] is True
