"""The documented roles against the calls of the provider: what is needed is allowed, and nothing else."""

import json
import subprocess
import sys
import tomllib
from copy import deepcopy
from fnmatch import fnmatchcase

import pytest

import roles
from local.mock_cloud import ACCOUNT, REGION
from tests.infra.iam_linter import findings
from tests.infra.registered import ROOT

SUBJECT = "token.actions.githubusercontent.com:sub"
STACK = "dev"
VALUES = {
    "STACK": STACK,
    "ACCOUNT": ACCOUNT,
    "REGION": REGION,
    "STATE_BUCKET": "acme-pulumi-state",
    "STATE_KEY": "00000000-0000-0000-0000-000000000000",
    "SUBJECT": roles.subject("acme/image-intake", "", ""),
}
POLICIES = {name: json.loads(text) for name, text in roles.rendered(VALUES).items()}
TRUST = ["trust-preview", "trust-deploy"]
PREVIEW = roles.PREVIEW
DEPLOY = (*roles.DEPLOY, roles.OPTIONS, roles.UNPROTECTED)
CALLS = tomllib.loads((ROOT / "tests" / "infra" / "provider_calls.toml").read_text("utf-8"))

# Linter findings that are meant: a trust policy has no Resource, and GitHub is a provider of one's own
# account; a deployer of the program writes bucket policies and the policies of roles (docs/deployment.md);
# composite alarms are only for * (see provider_calls.toml), and so are chat configurations before they exist.
JUSTIFIED = {
    "trust-preview": {"MALFORMED", "UNKNOWN_FEDERATION_SOURCE"},
    "trust-deploy": {"MALFORMED", "UNKNOWN_FEDERATION_SOURCE"},
    "read": {"RESOURCE_STAR"},
    "write": {
        "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "PRIVILEGE_ESCALATION",
    },
    "write-monitoring": {"PERMISSIONS_MANAGEMENT_ACTIONS", "RESOURCE_STAR"},
    "write-options": {"PERMISSIONS_MANAGEMENT_ACTIONS", "RESOURCE_STAR"},
}
# What a stack with everything on is asked for.
EVERYTHING = {
    "accessLogs": "true",
    "alarmEmails": '["ops@example.com"]',
    "alarmSlackChannel": "T07EXAMPLE/C07EXAMPLE",
    "alarmUrls": '["https://pager.example.com/x"]',
    "apiAuth": "jwt",
    "apiReservedConcurrency": "10",
    "dataEvents": "true",
    "jwtAudience": '["images"]',
    "jwtIssuer": "https://login.example.com/",
    "kmsKey": "create",
    "malwareScan": "true",
    "page": "true",
}
# Actions that no call of the provider names, each with its reason, its role, a resource and its context.
STATE = f"arn:aws:s3:::acme-pulumi-state/{STACK}/.pulumi/stacks/image-intake/{STACK}.json"
STATE_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{VALUES['STATE_KEY']}"
PROGRAM_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
WANTED_TAGS = {"Project": "image-intake", "Stack": STACK}
TAGGED = {f"aws:ResourceTag/{tag}": value for tag, value in WANTED_TAGS.items()}
TAGGING = {f"aws:RequestTag/{tag}": value for tag, value in WANTED_TAGS.items()}
OBJECT = "arn:aws:s3:::dev-intake-originals-0a1b2c3/uploads/a"
BESIDES = [
    # The state: https://www.pulumi.com/docs/iac/concepts/state-and-backends/
    *[(role, "s3:GetObject", STATE, {}) for role in (PREVIEW, DEPLOY)],
    (PREVIEW, "s3:GetBucketLocation", "arn:aws:s3:::acme-pulumi-state", {}),
    (PREVIEW, "s3:ListBucket", "arn:aws:s3:::acme-pulumi-state", {"s3:prefix": f"{STACK}/.pulumi/stacks/"}),
    (DEPLOY, "s3:PutObject", STATE, {}),
    (DEPLOY, "s3:DeleteObject", STATE, {}),
    (PREVIEW, "kms:Decrypt", STATE_KEY, {}),
    (DEPLOY, "kms:Encrypt", STATE_KEY, {}),
    # Buckets of an unprotected stack are emptied before they are deleted (forceDestroy).
    (DEPLOY, "s3:ListBucketVersions", OBJECT.partition("/")[0], {}),
    (DEPLOY, "s3:DeleteObject", OBJECT, {}),
    (DEPLOY, "s3:DeleteObjectVersion", OBJECT, {}),
    (DEPLOY, "kms:TagResource", PROGRAM_KEY, TAGGING),  # with the key's creation
    # Lambda decrypts environments for the caller, and DynamoDB and Lambda make grants for themselves:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    (PREVIEW, "kms:Decrypt", PROGRAM_KEY, TAGGED | {"kms:ViaService": f"lambda.{REGION}.amazonaws.com"}),
    *[
        (DEPLOY, f"kms:{action}", PROGRAM_KEY, TAGGED | {"kms:ViaService": f"{via}.{REGION}.amazonaws.com"})
        for action in (
            "CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom", "ReEncryptTo",
        )
        for via in ("dynamodb", "lambda")
    ],
]  # fmt: skip
PASSED_TO = {
    f"{STACK}-intake-scan-role": "malware-protection-plan.guardduty.amazonaws.com",
    f"{STACK}-intake-alarms-slack-role": "chatbot.amazonaws.com",
}


def matches(patterns, text):
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def holds(condition, context):
    """Whether a condition block holds; a key that is not in the context fails it, but with IfExists."""
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            values = [wanted] if isinstance(wanted, str) else wanted
            if key not in context:
                if operator.endswith("IfExists"):
                    continue
                return False
            like = operator.removesuffix("IfExists") in {"StringLike", "ArnLike"}
            if not (matches(values, context[key]) if like else context[key] in values):
                return False
    return True


def allowed(policies, action, arn, context):
    """Whether identity policies (no Deny among them) allow an action on a resource."""
    return any(
        action in statement["Action"]
        and matches(statement["Resource"], arn)
        and holds(statement.get("Condition", {}), context)
        for policy in policies
        for statement in policy["Statement"]
    )


def names(everything, kind):
    """The physical names of the resources of a type, as the stack's auto-naming makes them."""
    for resource in everything.all(kind):
        keys = ("alarmName", "dashboardName", "namePrefix", "name", "layerName")
        given = next((resource.inputs[key] for key in keys if key in resource.inputs), None)
        auto_named = (given or f"{resource.name}-0a1b2c3").endswith("-0a1b2c3")
        yield f"{STACK}-{given or f'{resource.name}-0a1b2c3'}" if auto_named else given


def needed(everything):
    """Every call of a preview and a deployment with everything on: role, action, ARN, context."""
    for row, calls in CALLS.items():
        kind = row.split()[0]
        for name in names(everything, kind):
            arn = calls["arn"].replace("NAME", name).replace("REGION", REGION).replace("ACCOUNT", ACCOUNT)
            function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-intake-resize-0a1b2c3"
            service = next(
                (to for role, to in PASSED_TO.items() if name.startswith(role)), "lambda.amazonaws.com"
            )
            context = TAGGED | {
                "lambda:FunctionArn": function,
                "iam:PassedToService": service,
                "iam:AWSServiceName": "management.chatbot.amazonaws.com",
            }
            for action in calls["read"]:
                yield PREVIEW, action, arn, context
            for action in (*calls["write"], *calls["delete"]):
                yield DEPLOY, action, arn, TAGGING if action == "kms:CreateKey" else context
    yield from BESIDES


@pytest.fixture(scope="module")
def everything(registered):
    return registered(**EVERYTHING)


@pytest.fixture(scope="module")
def calls(everything):
    return list(needed(everything))


def denied(policies, calls):
    return {
        (action, arn)
        for role, action, arn, context in calls
        if not allowed([policies[name] for name in role], action, arn, context)
    }


@pytest.mark.parametrize("name", POLICIES)
def test_the_linter_finds_only_what_is_meant(name):
    found = {issue for issue, _ in findings(json.dumps(POLICIES[name]))}
    assert found == JUSTIFIED.get(name, set())


def test_every_type_that_the_program_registers_has_its_calls(everything, stack):
    types = {
        resource.type
        for program in (everything, stack)
        for resource in program.deployment.resources
        if resource.custom
    }
    assert types == {row.split()[0] for row in CALLS}, "write the calls of the type to provider_calls.toml"
    assert all(calls["source"] for calls in CALLS.values())


def test_nothing_that_is_needed_is_denied(calls):
    assert denied(POLICIES, calls) == set()


def test_without_any_one_action_something_is_denied(calls):
    superfluous = []
    for name in DEPLOY:
        for number, statement in enumerate(POLICIES[name]["Statement"]):
            for action in statement["Action"]:
                policies = deepcopy(POLICIES)
                policies[name]["Statement"][number]["Action"].remove(action)
                concerned = [call for call in calls if call[1] == action]
                if not denied(policies, concerned):
                    superfluous.append((name, statement["Sid"], action))
    assert superfluous == []


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_fits_into_a_managed_policy(name):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(json.dumps(POLICIES[name], separators=(",", ":"))) <= 6144
    assert len(DEPLOY) <= 10


@pytest.mark.parametrize("stack", ["prod", "dev-eu", "eu-dev", "api-dev"])
def test_a_role_of_one_stack_touches_neither_state_nor_resources_of_another(calls, stack):
    # docs/deployment.md says what has no name in its ARN; alarms are described for * only.
    elsewhere = [
        (role, action, arn.replace("dev-intake", f"{stack}-intake").replace("/dev/", f"/{stack}/"), context)
        for role, action, arn, context in calls
        if ("dev-intake" in arn or "/dev/" in arn) and action != "cloudwatch:DescribeAlarms"
    ]
    assert len(elsewhere) > 100
    assert {(action, arn) for _, action, arn, _ in elsewhere} == denied(POLICIES, elsewhere)


@pytest.mark.parametrize("key", ["uploads/a", "uploads/dev-intake-a/b", "uploads/x-dev-y/z"])
def test_an_object_of_another_stack_is_not_deleted_whatever_its_key(key):
    bucket = OBJECT.partition("/")[0].replace("dev-intake", "prod-intake")
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert not allowed(POLICIES.values(), action, f"{bucket}/{key}", {})


def test_a_key_of_another_stack_is_not_used_or_changed(calls):
    prod = {f"aws:{kind}Tag/Stack": "prod" for kind in ("Resource", "Request")}
    other = [
        (role, action, arn, context | prod) for role, action, arn, context in calls if arn == PROGRAM_KEY
    ]
    assert {action for _, action, _, _ in other} == {action for action, _ in denied(POLICIES, other)}


def test_the_role_that_previews_changes_nothing_and_sees_neither_images_nor_rows():
    actions = {
        action for name in PREVIEW for each in POLICIES[name]["Statement"] for action in each["Action"]
    }
    for action in actions:
        assert action.partition(":")[2].startswith(("Get", "List", "Describe")) or action in (
            "kms:Decrypt",
            "apigateway:GET",
        )
    assert not allowed([POLICIES["read"]], "s3:GetObject", OBJECT, {})
    assert not actions & {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage"}
    assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize("name", TRUST)
def test_a_role_is_assumed_by_named_jobs_of_one_repository_only(name):
    (statement,) = POLICIES[name]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(statement["Condition"]) == {"StringEquals"}
    equals = statement["Condition"]["StringEquals"]
    assert equals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert all(
        subject.startswith("repo:acme/image-intake:") and "*" not in subject for subject in equals[SUBJECT]
    )


def test_pull_requests_assume_the_role_that_previews_and_environments_the_one_that_deploys():
    subjects = {name: POLICIES[name]["Statement"][0]["Condition"]["StringEquals"][SUBJECT] for name in TRUST}
    assert subjects == {
        "trust-preview": [
            "repo:acme/image-intake:pull_request",
            "repo:acme/image-intake:ref:refs/heads/main",
        ],
        "trust-deploy": ["repo:acme/image-intake:environment:dev"],
    }


def test_subjects_with_immutable_ids_are_supported():
    assert roles.subject("acme/image-intake", "12", "34") == "repo:acme@12/image-intake@34"


def test_the_command_writes_every_policy_and_prints_what_creates_the_roles():
    given = ["--stack", "test", "--account", ACCOUNT, "--region", REGION, "--repository", "acme/x"]
    command = [sys.executable, ROOT / ".ci" / "roles.py", *given, "--state-bucket", "b", "--state-key", "k"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    folder = ROOT / "build" / "roles" / "test"
    assert {path.stem for path in folder.glob("*.json")} == set(POLICIES)
    assert "$" not in "".join(path.read_text() for path in folder.glob("*.json"))
    assert "aws iam create-role --role-name intake-test-deploy " in printed
    assert '"backend": "s3://b/test?region=eu-central-1"' in printed
