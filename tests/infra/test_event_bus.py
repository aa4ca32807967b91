import json

BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/intake-events-0a1b2c3"
LETTERS = "arn:aws:sqs:eu-central-1:123456789012:intake-events-dlq-0a1b2c3"


def mapping(stack):
    return stack.one(":EventSourceMapping", "intake-publish-from-table").inputs


def test_a_pipeline_has_a_bus_of_its_own_which_aws_names(stack):
    bus = stack.one(":EventBus")
    assert "name" not in bus.inputs
    assert bus.outputs["arn"] == BUS
    assert bus.inputs["deadLetterConfig"] == {"arn": LETTERS}


def test_the_stream_tells_what_stood_in_a_row_and_what_stands_there_now(stack):
    table = stack.one("/table:Table", "intake-ImageMetadata").inputs
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")


def test_the_stream_of_the_table_feeds_the_publish_function_from_its_beginning(stack):
    inputs = mapping(stack)
    assert inputs["eventSourceArn"] == stack.one("/table:Table", "intake-ImageMetadata").outputs["streamArn"]
    assert inputs["functionName"] == stack.one("/function:Function", "intake-publish").outputs["arn"]
    assert inputs["startingPosition"] == "TRIM_HORIZON"


def test_a_record_is_tried_again_until_the_stream_is_about_to_forget_it_and_then_kept(stack):
    inputs = mapping(stack)
    assert inputs["maximumRetryAttempts"] == -1
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: 24 hours
    assert inputs["maximumRecordAgeInSeconds"] == 23 * 3600
    assert inputs["destinationConfig"] == {"onFailure": {"destinationArn": LETTERS}}


def test_what_was_told_is_not_told_again_because_a_later_record_fails(stack):
    inputs = mapping(stack)
    assert inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert inputs["bisectBatchOnFunctionError"] is True


def test_changes_of_rows_that_are_neither_settled_nor_deleted_call_no_function(stack):
    [only] = mapping(stack)["filterCriteria"]["filters"]
    assert json.loads(only["pattern"]) == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"NewImage": {"Status": {"S": ["READY", "REJECTED", "FAILED", "DELETED"]}}},
    }
    assert only["pattern"] == json.dumps(json.loads(only["pattern"]), sort_keys=True)


def test_dead_letters_of_events_stay_as_long_as_sqs_keeps_anything(stack):
    queue = stack.one(":Queue", "intake-events-dlq")
    assert queue.inputs["messageRetentionSeconds"] == 14 * 86_400
    bus, tls = stack.statements(":QueuePolicy", "intake-events-dlq-policy")
    assert bus["Condition"] == {
        "ArnEquals": {"aws:SourceArn": BUS},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }
    assert (bus["Principal"], bus["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert (tls["Sid"], tls["Effect"], tls["Resource"]) == ("TlsOnly", "Deny", [LETTERS])
    policy = stack.one(":QueuePolicy", "intake-events-dlq-policy").inputs
    assert policy["queueUrl"] == queue.outputs["url"]
