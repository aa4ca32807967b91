"""What nobody may do: uploads that break their policy, callers without rights, functions that stray."""

import json

import pytest
from botocore.exceptions import ClientError

from handlers.contract import keys
from handlers.contract.indexes import BY_AGE
from local.aws_clients import Credentials
from tests.e2e.actions import announce, image, post, quota_table
from tests.e2e.callers import denied, role_credentials


def test_a_policy_holds_for_its_key_type_and_size_only(system, photograph):
    image_id, policy = announce(system, "policy.jpg", len(photograph))
    forged = policy["fields"]["policy"][:-8] + "AAAAAAA="
    breaches = {
        "another key": post(system, policy, photograph, {"key": "uploads/elsewhere"}),
        "another type": post(system, policy, photograph, {"Content-Type": "text/html"}),
        "too large": post(system, policy, photograph + b"x"),
        "empty": post(system, policy, b""),
        "tampered policy": post(system, policy, photograph, {"policy": forged}),
    }
    assert {what: answer.status_code for what, answer in breaches.items() if answer.is_success} == {}
    assert image(system, image_id)["status"] == "PENDING"


@pytest.mark.parametrize(
    "caller",
    [None, Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="wrong")],
    ids=["unsigned", "unknown key"],
)
def test_the_api_refuses_callers_it_does_not_know(system, caller):
    options = {"auth": None} if caller is None else {"caller": caller}
    answer = system.api.call("GET", "/images/x", **options)
    assert answer.status_code == 403


def test_a_caller_with_the_wrong_secret_is_refused(system):
    forged = Credentials(access_key_id=system.uploader.access_key_id, secret_access_key="wrong")
    assert system.api.call("GET", "/images/x", caller=forged).status_code == 403


def test_the_uploader_may_use_the_api_and_nothing_else(system):
    event = {"Source": "image-intake", "DetailType": "Image Ready", "Detail": "{}"}
    entries = [event | {"EventBusName": system.outputs["eventBusName"]}]
    attempts = {
        "events": lambda client: client.put_events(Entries=entries),
        "s3": lambda client: client.list_objects_v2(Bucket=system.outputs["originalsBucket"]),
        "dynamodb": lambda client: client.scan(TableName=system.outputs["tableName"]),
        "sqs": lambda client: client.receive_message(QueueUrl=system.outputs["queueUrl"]),
    }
    for service, attempt in attempts.items():
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt(system.client(service, system.uploader))


def neighbours(system, function):
    """What each function may not do, close to what it may."""
    originals, variants = system.outputs["originalsBucket"], system.outputs["variantsBucket"]
    table = system.outputs["tableName"]
    queue = system.outputs["queueUrl"]
    quotas = {"TableName": quota_table(system)}
    count = {**quotas, "Key": {"Principal": {"S": "x"}, "Hour": {"S": "x"}}}
    common = {
        "delete beside the originals": ("s3", "delete_object", {"Bucket": originals, "Key": "elsewhere/x"}),
        "write beside the originals": ("s3", "put_object", {"Bucket": originals, "Key": "elsewhere/x"}),
        "write beside the variants": ("s3", "put_object", {"Bucket": variants, "Key": "elsewhere/x"}),
        "list the variants": ("s3", "list_objects_v2", {"Bucket": variants}),
        "scan the table": ("dynamodb", "scan", {"TableName": table}),
        "drop the table": ("dynamodb", "delete_table", {"TableName": table}),
        "forget a quota": ("dynamodb", "delete_item", count),
        "overwrite a quota": ("dynamodb", "put_item", {**quotas, "Item": count["Key"]}),
        "scan the quotas": ("dynamodb", "scan", quotas),
        "delete a row": ("dynamodb", "delete_item", {"TableName": table, "Key": {"ImageID": {"S": "x"}}}),
        "send to the queue": ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "x"}),
        "read the dead letters": (
            "sqs",
            "receive_message",
            {"QueueUrl": system.outputs["deadLetterQueueUrl"]},
        ),
        "give itself rights": (
            "iam",
            "put_role_policy",
            {"RoleName": "x", "PolicyName": "x", "PolicyDocument": json.dumps({})},
        ),
    }
    if function == "resizeFunctionName":
        return common | {
            "write an original": ("s3", "put_object", {"Bucket": originals, "Key": keys.original_key("x")}),
            "delete an original": (
                "s3",
                "delete_object",
                {"Bucket": originals, "Key": keys.original_key("x")},
            ),
            "read a variant": ("s3", "get_object", {"Bucket": variants, "Key": "resized/x"}),
            "read a quota": ("dynamodb", "get_item", count),
            "change a quota": ("dynamodb", "update_item", {**count, "UpdateExpression": "REMOVE Images"}),
        }
    if function == "publishFunctionName":
        elsewhere = {"Source": "image-intake", "DetailType": "x", "Detail": "{}"}
        rule = {"Name": "x", "EventBusName": system.outputs["eventBusName"], "EventPattern": "{}"}
        letters = {"QueueUrl": system.outputs["eventDeadLetterQueueUrl"]}
        return common | {
            "put an event on another bus": ("events", "put_events", {"Entries": [elsewhere]}),
            "add a rule to the bus": ("events", "put_rule", rule),
            "read a quota": ("dynamodb", "get_item", count),
            "read what could not be told": ("sqs", "receive_message", letters),
            "read a row": ("dynamodb", "get_item", {"TableName": table, "Key": {"ImageID": {"S": "x"}}}),
            "read an original": ("s3", "get_object", {"Bucket": originals, "Key": keys.original_key("x")}),
            "read a variant": ("s3", "get_object", {"Bucket": variants, "Key": "resized/x"}),
        }
    return common | {
        "read an original": ("s3", "get_object", {"Bucket": originals, "Key": keys.original_key("x")}),
        "write a variant": ("s3", "put_object", {"Bucket": variants, "Key": "resized/x"}),
        "delete beside the variants": ("s3", "delete_object", {"Bucket": variants, "Key": "elsewhere/x"}),
        "receive from the queue": ("sqs", "receive_message", {"QueueUrl": queue}),
    }


def needs(system, function):
    """A call for every action that a function's role allows: what the function needs."""
    if function == "publishFunctionName":
        event = {"EventBusName": system.outputs["eventBusName"], "Source": "x", "DetailType": "x"}
        letter = {"QueueUrl": system.outputs["eventDeadLetterQueueUrl"], "MessageBody": "x"}
        return {
            "events:PutEvents": ("events", "put_events", {"Entries": [event | {"Detail": "{}"}]}),
            "sqs:SendMessage": ("sqs", "send_message", letter),
        }
    originals, variants = system.outputs["originalsBucket"], system.outputs["variantsBucket"]
    original = {"Bucket": originals, "Key": keys.original_key("nobody")}
    variant = {"Bucket": variants, "Key": f"{keys.VARIANTS_PREFIX}nobody/x/thumbnail.jpg"}
    table = {"TableName": system.outputs["tableName"]}
    row = {**table, "Key": {"ImageID": {"S": "nobody"}}}
    change = {**row, "UpdateExpression": "REMOVE Nothing", "ConditionExpression": "attribute_exists(ImageID)"}
    queue = {"QueueUrl": system.outputs["queueUrl"]}
    rows = {
        "dynamodb:GetItem": ("dynamodb", "get_item", row),
        "dynamodb:UpdateItem": ("dynamodb", "update_item", change),
    }
    if function == "resizeFunctionName":
        return rows | {
            "s3:GetObject": ("s3", "get_object", original),
            "s3:ListBucket": ("s3", "list_objects_v2", {"Bucket": originals, "Prefix": original["Key"]}),
            "s3:PutObject": ("s3", "put_object", variant),
            "s3:DeleteObject": ("s3", "delete_object", variant),
            "sqs:GetQueueAttributes": ("sqs", "get_queue_attributes", queue),
            "sqs:ReceiveMessage": ("sqs", "receive_message", queue),
            "sqs:DeleteMessage": ("sqs", "delete_message", {**queue, "ReceiptHandle": "x"}),
            "sqs:ChangeMessageVisibility": (
                "sqs",
                "change_message_visibility",
                {**queue, "ReceiptHandle": "x", "VisibilityTimeout": 0},
            ),
        }
    several = {"RequestItems": {table["TableName"]: {"Keys": [row["Key"]]}}}
    pending = {"RequestItems": {table["TableName"]: [{"DeleteRequest": {"Key": row["Key"]}}]}}
    newest = {
        **table,
        "IndexName": BY_AGE.name,
        "KeyConditionExpression": "Shard = :Shard",
        "ExpressionAttributeValues": {":Shard": {"N": "0"}},
    }
    return rows | {
        "dynamodb:BatchGetItem": ("dynamodb", "batch_get_item", several),
        "dynamodb:BatchWriteItem": ("dynamodb", "batch_write_item", pending),
        "dynamodb:Query": ("dynamodb", "query", newest),
        "s3:PutObject": ("s3", "put_object", {**original, "Key": keys.original_key("folder/")}),
        "s3:DeleteObject": ("s3", "delete_object", original),
        "s3:GetObject": ("s3", "get_object", variant),
    }


# What the runtime does for every function, and not its code.
RUNTIME = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# What Lambda does to call the publish function. The emulator takes no stream for a resource.
STREAM = {
    f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
FUNCTIONS = ["resizeFunctionName", "apiFunctionName", "publishFunctionName"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_tries_something_outside_its_role_is_denied(system, function):
    credentials = role_credentials(system, system.outputs[function])
    attempts = neighbours(system, function)
    allowed = [
        what
        for what, (service, operation, arguments) in attempts.items()
        if not denied(system.client(service, credentials), operation, arguments)
    ]
    assert allowed == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_all_it_needs(system, function):
    credentials = role_credentials(system, system.outputs[function])
    refused = [
        action
        for action, (service, operation, arguments) in needs(system, function).items()
        if denied(system.client(service, credentials), operation, arguments)
    ]
    assert refused == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_nothing_that_its_function_does_not_need(system, function):
    iam = system.client("iam")
    arn = system.client("lambda").get_function_configuration(FunctionName=system.outputs[function])["Role"]
    role = arn.rpartition("/")[2]
    allowed = {
        action
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    assert allowed - RUNTIME - STREAM == set(needs(system, function))
