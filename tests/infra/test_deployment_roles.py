import json
from fnmatch import fnmatchcase

import pytest

from local.mock_cloud import ACCOUNT
from tests.infra.iam_linter import findings
from tests.infra.registered import ROOT

ROLES = sorted((ROOT / "docs" / "roles").glob("*.json"))
TRUST = [path for path in ROLES if path.stem.startswith("trust-")]
SUBJECT = "token.actions.githubusercontent.com:sub"
JUSTIFIED = {
    # A trust policy has no Resource, and GitHub is a provider of one's own account, not a known one.
    ("trust-preview", "MALFORMED"),
    ("trust-preview", "UNKNOWN_FEDERATION_SOURCE"),
    ("trust-deploy-dev", "MALFORMED"),
    ("trust-deploy-dev", "UNKNOWN_FEDERATION_SOURCE"),
    ("trust-deploy-prod", "MALFORMED"),
    ("trust-deploy-prod", "UNKNOWN_FEDERATION_SOURCE"),
    # Who deploys the program writes bucket policies and the policies of roles: docs/deployment.md
    # says so, and that only jobs of a GitHub environment may.
    ("write", "RESOURCE_POLICY_PRIVILEGE_ESCALATION"),
    ("write", "PERMISSIONS_MANAGEMENT_ACTIONS"),
    ("write", "PRIVILEGE_ESCALATION"),
    ("write-monitoring", "PERMISSIONS_MANAGEMENT_ACTIONS"),
    # The linter counts handing a role to a service among them; it is that of the scan alone.
    ("write-scan", "PERMISSIONS_MANAGEMENT_ACTIONS"),
}

# For every type of resource, an action that a refresh and one that an update needs.
NEEDED = {
    "aws:apigatewayv2/api:Api": ("apigateway:GET", "apigateway:POST"),
    "aws:apigatewayv2/authorizer:Authorizer": ("apigateway:GET", "apigateway:POST"),
    "aws:apigatewayv2/integration:Integration": ("apigateway:GET", "apigateway:POST"),
    "aws:apigatewayv2/route:Route": ("apigateway:GET", "apigateway:POST"),
    "aws:apigatewayv2/stage:Stage": ("apigateway:GET", "logs:CreateLogDelivery"),
    "aws:cloudtrail/trail:Trail": ("cloudtrail:DescribeTrails", "cloudtrail:PutEventSelectors"),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": (
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutCompositeAlarm",
    ),
    "aws:cloudwatch/dashboard:Dashboard": ("cloudwatch:GetDashboard", "cloudwatch:PutDashboard"),
    "aws:cloudwatch/eventBus:EventBus": ("events:DescribeEventBus", "events:CreateEventBus"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs:DescribeLogGroups", "logs:PutRetentionPolicy"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"),
    "aws:cloudwatch/queryDefinition:QueryDefinition": (
        "logs:DescribeQueryDefinitions",
        "logs:PutQueryDefinition",
    ),
    "aws:dynamodb/table:Table": ("dynamodb:DescribeTable", "dynamodb:CreateTable"),
    "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan": (
        "guardduty:GetMalwareProtectionPlan",
        "guardduty:CreateMalwareProtectionPlan",
    ),
    "aws:iam/role:Role": ("iam:GetRole", "iam:PassRole"),
    "aws:iam/rolePolicy:RolePolicy": ("iam:GetRolePolicy", "iam:PutRolePolicy"),
    "aws:kms/key:Key": ("kms:DescribeKey", "kms:CreateKey"),
    "aws:kms/keyPolicy:KeyPolicy": ("kms:GetKeyPolicy", "kms:PutKeyPolicy"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        "lambda:GetEventSourceMapping",
        "lambda:CreateEventSourceMapping",
    ),
    "aws:lambda/function:Function": ("lambda:GetFunction", "lambda:CreateFunction"),
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": (
        "lambda:GetFunctionRecursionConfig",
        "lambda:PutFunctionRecursionConfig",
    ),
    "aws:lambda/layerVersion:LayerVersion": ("lambda:GetLayerVersion", "lambda:PublishLayerVersion"),
    "aws:lambda/permission:Permission": ("lambda:GetPolicy", "lambda:AddPermission"),
    "aws:s3/bucket:Bucket": ("s3:ListBucket", "s3:CreateBucket"),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": ("s3:GetBucketCORS", "s3:PutBucketCORS"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3:GetLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    "aws:s3/bucketLogging:BucketLogging": ("s3:GetBucketLogging", "s3:PutBucketLogging"),
    "aws:s3/bucketNotification:BucketNotification": (
        "s3:GetBucketNotification",
        "s3:PutBucketNotification",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        "s3:GetBucketOwnershipControls",
        "s3:PutBucketOwnershipControls",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": ("s3:GetBucketPolicy", "s3:PutBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "s3:GetBucketPublicAccessBlock",
        "s3:PutBucketPublicAccessBlock",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3:GetEncryptionConfiguration",
        "s3:PutEncryptionConfiguration",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": ("s3:GetBucketVersioning", "s3:PutBucketVersioning"),
    "aws:sns/topic:Topic": ("sns:GetTopicAttributes", "sns:CreateTopic"),
    "aws:sns/topicPolicy:TopicPolicy": ("sns:GetTopicAttributes", "sns:SetTopicAttributes"),
    "aws:sns/topicSubscription:TopicSubscription": ("sns:GetSubscriptionAttributes", "sns:Subscribe"),
    "aws:sqs/queue:Queue": ("sqs:GetQueueAttributes", "sqs:CreateQueue"),
    "aws:sqs/queuePolicy:QueuePolicy": ("sqs:GetQueueAttributes", "sqs:SetQueueAttributes"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": ("sqs:GetQueueAttributes", "sqs:SetQueueAttributes"),
}


def document(name):
    return json.loads((ROOT / "docs" / "roles" / f"{name}.json").read_text("utf-8"))


def subjects(name):
    (statement,) = document(name)["Statement"]
    found = statement["Condition"]["StringEquals"][SUBJECT]
    return [found] if isinstance(found, str) else found


# The policies of the roles that read and that deploy; the latter reads too.
POLICIES = {"read": ("read",), "write": ("write", "write-monitoring"), "write-scan": ("write-scan",)}


def statements(role):
    return [statement for policy in POLICIES[role] for statement in document(policy)["Statement"]]


def actions(role):
    return {action for statement in statements(role) for action in statement["Action"]}


@pytest.mark.parametrize("path", ROLES, ids=lambda path: path.stem)
def test_the_linter_says_of_a_documented_role_only_what_is_meant(path):
    said = {(path.stem, issue) for issue, _ in findings(path.read_text("utf-8"))}
    assert said == {finding for finding in JUSTIFIED if finding[0] == path.stem}


@pytest.mark.parametrize("path", TRUST, ids=lambda path: path.stem)
def test_a_role_is_assumed_by_named_jobs_of_one_repository_only(path):
    (statement,) = document(path.stem)["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(statement["Condition"]) == {"StringEquals"}
    assert (
        statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:aud"]
        == "sts.amazonaws.com"
    )
    for subject in subjects(path.stem):
        assert subject.startswith("repo:acme/image-intake:")
        assert "*" not in subject


def test_pull_requests_assume_the_role_that_reads_and_environments_those_that_deploy():
    assert subjects("trust-preview") == [
        "repo:acme/image-intake:pull_request",
        "repo:acme/image-intake:ref:refs/heads/main",
    ]
    for stack in ("dev", "prod"):
        assert subjects(f"trust-deploy-{stack}") == [f"repo:acme/image-intake:environment:{stack}"]


def test_the_role_that_reads_changes_nothing_and_sees_neither_images_nor_rows():
    for action in actions("read"):
        verb = action.partition(":")[2]
        assert verb.startswith(("Get", "List", "Describe")) or action in ("kms:Decrypt", "apigateway:GET")
    reading = [found for found in document("read")["Statement"] if "s3:GetObject" in found["Action"]]
    assert [found["Resource"] for found in reading] == [["arn:aws:s3:::acme-pulumi-state/.pulumi/*"]]
    assert not actions("read") & {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage"}


def decryption(name):
    """The statements that let a role decrypt with keys of the program."""
    decrypting = [found for found in document(name)["Statement"] if "kms:Decrypt" in found["Action"]]
    return [found for found in decrypting if found["Sid"] != "StateKey"]


def test_the_role_that_reads_decrypts_environments_of_functions_and_nothing_else():
    (statement,) = decryption("read")
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/Project": "image-intake",
            "kms:ViaService": "lambda.eu-central-1.amazonaws.com",
        }
    }


def test_the_role_that_deploys_uses_a_key_for_tables_and_functions_only():
    (statement,) = decryption("write")
    services = statement["Condition"]["StringEquals"]["kms:ViaService"]
    assert [service.partition(".")[0] for service in services] == ["dynamodb", "lambda"]
    assert statement["Condition"]["StringEquals"]["aws:ResourceTag/Project"] == "image-intake"


def test_no_documented_role_allows_a_whole_service():
    for name in ("read", "write", "write-scan"):
        assert not [action for action in actions(name) if "*" in action]


def test_a_documented_policy_fits_into_a_managed_policy():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for path in ROLES:
        assert len("".join(path.read_text("utf-8").split())) <= 6144


def test_the_documented_roles_know_every_type_that_the_program_registers(stack, registered):
    optional = registered(kmsKey="create", malwareScan="true")
    every = (*stack.deployment.resources, *optional.deployment.resources)
    registered = {resource.type for resource in every if resource.custom}
    assert registered <= NEEDED.keys(), "give docs/roles the actions of the new type, and name two here"
    assert {reads for reads, _ in NEEDED.values()} <= actions("read")
    assert {writes for _, writes in NEEDED.values()} <= actions("write") | actions("write-scan")


def named(resource):
    """The ARN of a resource as the documented policies would name it; none for what has no ARN of its own."""
    arn = resource.outputs.get("arn")
    if resource.type == "aws:cloudwatch/dashboard:Dashboard":
        arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{resource.inputs['dashboardName']}"
    return arn and arn.replace(ACCOUNT, "111122223333")


def covers(role, action, arn):
    """Whether a role's policies allow an action on a resource of this name."""
    return any(
        action in statement["Action"] and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        for statement in statements(role)
    )


def test_the_documented_roles_name_what_is_deployed_as_it_is_called(dev):
    uncovered = []
    for resource in dev.deployment.resources:
        arn = named(resource)
        for role, action in zip(("read", "write"), NEEDED.get(resource.type, ()), strict=False):
            if arn and not covers(role, action, arn):
                uncovered.append((role, action, arn))
    assert uncovered == []


def test_a_scan_takes_a_policy_of_its_own_and_no_stack_without_one_needs_it(stack):
    scanning = {kind for kind, (_, writes) in NEEDED.items() if writes not in actions("write")}
    assert not scanning & {resource.type for resource in stack.deployment.resources}
