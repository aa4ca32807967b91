import json

import pytest

from handlers.contract.indexes import INDEXES

ORIGINALS = "arn:aws:s3:::intake-originals-0a1b2c3"
VARIANTS = "arn:aws:s3:::intake-variants-0a1b2c3"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/intake-ImageMetadata-0a1b2c3"
QUOTAS = "arn:aws:dynamodb:eu-central-1:123456789012:table/intake-quotas-0a1b2c3"
STREAMS = f"{TABLE}/stream/*"
BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/intake-events-0a1b2c3"
LETTERS = "arn:aws:sqs:eu-central-1:123456789012:intake-events-dlq-0a1b2c3"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-0a1b2c3"
EXPRESS = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-express-0a1b2c3"
LOG = "arn:aws:logs:eu-central-1:123456789012:log-group:intake-{}-log-0a1b2c3:*"

RESIZE = {
    "s3:GetObject": [f"{ORIGINALS}/express/*", f"{ORIGINALS}/uploads/*"],
    "s3:ListBucket": [ORIGINALS],
    "s3:PutObject": [f"{VARIANTS}/resized/*"],
    "s3:DeleteObject": [f"{VARIANTS}/resized/*"],
    "dynamodb:GetItem": [TABLE],
    "dynamodb:UpdateItem": [TABLE],
    "sqs:ReceiveMessage": [QUEUE, EXPRESS],
    "sqs:DeleteMessage": [QUEUE, EXPRESS],
    "sqs:GetQueueAttributes": [QUEUE, EXPRESS],
    "sqs:ChangeMessageVisibility": [QUEUE, EXPRESS],
    "logs:CreateLogStream": [LOG.format("resize")],
    "logs:PutLogEvents": [LOG.format("resize")],
    "xray:PutTraceSegments": ["*"],
    "xray:PutTelemetryRecords": ["*"],
}
API = {
    "s3:PutObject": [f"{ORIGINALS}/express/*", f"{ORIGINALS}/uploads/*"],
    "s3:GetObject": [f"{VARIANTS}/resized/*"],
    "s3:DeleteObject": [f"{ORIGINALS}/express/*", f"{ORIGINALS}/uploads/*", f"{VARIANTS}/resized/*"],
    "dynamodb:GetItem": [TABLE, QUOTAS],
    "dynamodb:BatchGetItem": [TABLE],
    "dynamodb:BatchWriteItem": [TABLE],
    "dynamodb:UpdateItem": [TABLE, QUOTAS],
    "dynamodb:Query": [f"{TABLE}/index/{index.name}" for index in INDEXES],
    "logs:CreateLogStream": [LOG.format("api")],
    "logs:PutLogEvents": [LOG.format("api")],
    "xray:PutTraceSegments": ["*"],
    "xray:PutTelemetryRecords": ["*"],
}
PUBLISH = {
    "dynamodb:DescribeStream": [STREAMS],
    "dynamodb:GetRecords": [STREAMS],
    "dynamodb:GetShardIterator": [STREAMS],
    "dynamodb:ListStreams": ["*"],
    "events:PutEvents": [BUS],
    "sqs:SendMessage": [LETTERS],
    "logs:CreateLogStream": [LOG.format("publish")],
    "logs:PutLogEvents": [LOG.format("publish")],
    "xray:PutTraceSegments": ["*"],
    "xray:PutTelemetryRecords": ["*"],
}
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
WITHOUT_FINER_GRAIN = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams"}
FUNCTIONS = ("intake-resize", "intake-api", "intake-publish")


@pytest.mark.parametrize(("function", "allowed"), [("resize", RESIZE), ("api", API), ("publish", PUBLISH)])
def test_a_role_may_do_exactly_what_its_function_needs(stack, function, allowed):
    statements = stack.statements(":RolePolicy", f"intake-{function}-permissions")
    granted: dict[str, list[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            granted.setdefault(action, []).extend(statement["Resource"])
    assert granted == allowed


def test_no_action_is_a_wildcard(stack):
    policies = stack.all(":RolePolicy")
    assert len(policies) == 3
    for policy in policies:
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action]


def test_only_actions_that_have_no_finer_grain_are_allowed_on_everything(stack):
    for policy in stack.all(":RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            if "*" in statement["Resource"]:
                assert set(statement["Action"]) <= WITHOUT_FINER_GRAIN


def test_every_function_has_a_role_of_its_own_that_only_lambda_assumes(stack):
    functions = stack.all("/function:Function")
    assert len({function.inputs["role"] for function in functions}) == len(functions) == 3
    for role in stack.all(":Role"):
        trust = json.loads(role.inputs["assumeRolePolicy"])
        assert trust["Statement"] == [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]


def test_a_policy_belongs_to_the_role_of_its_function(stack):
    for name in FUNCTIONS:
        role = stack.one(":Role", f"{name}-role")
        assert stack.one(":RolePolicy", f"{name}-permissions").inputs["role"] == role.outputs["name"]
        assert stack.one("/function:Function", name).inputs["role"] == role.outputs["arn"]


def test_a_function_is_created_after_its_role_may_do_its_work(stack):
    for name in FUNCTIONS:
        policy = stack.one(":RolePolicy", f"{name}-permissions")
        assert policy.urn in stack.one("/function:Function", name).dependencies


def test_nothing_but_the_api_gateway_may_call_the_api_function_and_only_for_this_api(stack):
    permission = stack.one(":Permission").inputs
    assert permission == {
        "action": "lambda:InvokeFunction",
        "function": "intake-api-0a1b2c3",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:eu-central-1:123456789012:intake-api-http/*/*",
    }


def test_every_role_has_the_permissions_boundary_that_the_stack_names(registered):
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    bounded = registered(
        permissionsBoundary=boundary, malwareScan="true", alarmSlackChannel="T07EXAMPLE/C07EXAMPLE"
    )
    roles = bounded.all(":Role")
    assert len(roles) == 5
    assert {role.inputs.get("permissionsBoundary") for role in roles} == {boundary}
