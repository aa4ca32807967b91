import json

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-0a1b2c3"
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


def test_the_queue_accepts_messages_of_exactly_this_bucket_and_account(stack):
    accepts, tls = stack.statements(":QueuePolicy", "intake-uploads-policy")
    assert accepts == {
        "Sid": "OriginalsNotifyQueue",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::intake-originals-0a1b2c3"},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }
    assert tls == tls_only(QUEUE)


def test_the_dead_letter_queue_speaks_tls_only_too(stack):
    assert stack.statements(":QueuePolicy", "intake-uploads-dlq-policy") == [tls_only(DEAD_LETTERS)]


def test_each_policy_is_on_its_own_queue(stack):
    for name in ("intake-uploads", "intake-uploads-dlq"):
        url = stack.one(":Queue", name).outputs["url"]
        assert stack.one(":QueuePolicy", f"{name}-policy").inputs["queueUrl"] == url


def test_all_queues_are_encrypted(stack):
    queues = stack.all(":Queue")
    assert len(queues) == 3
    assert all(queue.inputs["sqsManagedSseEnabled"] is True for queue in queues)


def test_failing_messages_go_to_the_dead_letter_queue(stack):
    redrive = json.loads(stack.one(":Queue", "intake-uploads").inputs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 5}


def test_only_this_queue_may_use_the_dead_letter_queue(stack):
    allowed = stack.one(":RedriveAllowPolicy").inputs
    assert allowed["queueUrl"].endswith("intake-uploads-dlq-0a1b2c3")
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [QUEUE],
    }


def test_the_visibility_timeout_is_six_function_timeouts_and_the_window(registered):
    stack = registered(resizeTimeoutSeconds="200", batchingWindowSeconds="7")
    assert stack.one(":Queue", "intake-uploads").inputs["visibilityTimeoutSeconds"] == 6 * 200 + 7
    assert stack.one("/function:Function", "intake-resize").inputs["timeout"] == 200
    assert (
        stack.one(":EventSourceMapping", "intake-resize-from-queue").inputs["maximumBatchingWindowInSeconds"]
        == 7
    )


def test_dead_letters_outlive_the_queue(prod):
    assert prod.one(":Queue", "intake-uploads").inputs["messageRetentionSeconds"] == 7 * DAY
    assert prod.one(":Queue", "intake-uploads-dlq").inputs["messageRetentionSeconds"] == 14 * DAY


def test_the_bucket_tells_the_queue_what_comes_and_goes_and_nothing_else(stack):
    notification = stack.one(":BucketNotification").inputs
    assert notification["bucket"] == "intake-originals-0a1b2c3"
    (queue,) = notification["queues"]
    assert queue["queueArn"] == QUEUE
    assert queue["events"] == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert not {"topics", "lambdaFunctions", "eventbridge"} & notification.keys()


def test_the_queue_policy_exists_before_the_notification_that_needs_it(stack):
    policy = stack.one(":QueuePolicy", "intake-uploads-policy")
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
