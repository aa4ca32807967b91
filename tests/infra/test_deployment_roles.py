"""The documented roles against the calls of the provider: what is needed is allowed, and nothing else."""

import json
import re
import subprocess
import sys
import tomllib
from copy import deepcopy
from fnmatch import fnmatchcase
from shutil import copy, copytree

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
    "STATE_REGION": "eu-west-1",
    "SUBJECT": roles.subject("acme/image-intake", "", ""),
}
POLICIES = {name: json.loads(text) for name, text in roles.rendered(VALUES).items()}
TRUST = ["trust-preview", "trust-deploy"]
PREVIEW = (*roles.PREVIEW, roles.READ_DELIVERY)
DEPLOY = (*roles.DEPLOY, roles.OPTIONS, roles.UNPROTECTED, roles.READ_DELIVERY, roles.WRITE_DELIVERY)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED_POLICY_CHARACTERS = 6144
MANAGED_POLICIES_OF_A_ROLE = 10
CALLS = tomllib.loads((ROOT / "tests" / "infra" / "provider_calls.toml").read_text("utf-8"))

# Linter findings that are meant: a trust policy has no Resource, and GitHub is a provider of one's own
# account; a deployer of the program writes bucket policies and the policies of roles (docs/deployment.md);
# composite alarms are only for * (see provider_calls.toml). The linter does not know that chat configurations
# have ARNs:
# https://docs.aws.amazon.com/chatbot/latest/adminguide/security_iam_service-with-iam-resource-based-policies.html
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
    "write-options": {"PERMISSIONS_MANAGEMENT_ACTIONS", "RESOURCE_MISMATCH"},
    "write-delivery": {"PERMISSIONS_MANAGEMENT_ACTIONS"},
}
CERTIFICATE = f"arn:aws:acm:{{}}:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
# What a stack with everything on is asked for.
EVERYTHING = {
    "accessLogs": "true",
    "alarmEmails": '["ops@example.com"]',
    "alarmSlackChannel": "T07EXAMPLE/C07EXAMPLE",
    "alarmUrls": '["https://pager.example.com/x"]',
    "apiCertificate": CERTIFICATE.format(REGION),
    "apiDomain": "api.example.com",
    "apiAuth": "jwt",
    "apiReservedConcurrency": "10",
    "dataEvents": "true",
    "delivery": "true",
    "deliveryCertificate": CERTIFICATE.format("us-east-1"),
    "deliveryDomain": "images.example.com",
    "deliveryReservedConcurrency": "10",
    "deliveryWebAcl": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/x/{'0' * 36}",
    "jwtAudience": '["images"]',
    "jwtIssuer": "https://login.example.com/",
    "kmsKey": "create",
    "malwareScan": "true",
    "page": "true",
    "webhookSecret": "sixteen-letters-or-more",
    "webhookUrls": '["https://hooks.example.com/images"]',
}
# Actions that no call of the provider names, each with its reason, its role, a resource and its context.
STATE = f"arn:aws:s3:::acme-pulumi-state/{STACK}/.pulumi/stacks/image-intake/{STACK}.json"
OTHER_STATE_KEY = "99999999-0000-0000-0000-000000000000"
STATE_KEY = f"arn:aws:kms:{VALUES['STATE_REGION']}:{ACCOUNT}:key/{VALUES['STATE_KEY']}"
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
    (DEPLOY, "cloudfront:TagResource", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1", TAGGING),  # likewise
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
    f"{STACK}-intake-events-webhooks-role": "events.amazonaws.com",
}

# Children of an API, whose tags are not inherited in HTTP APIs:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
UNTAGGED = re.compile("/apis/[^/]+/(routes|integrations|authorizers)/|/domainnames/[^/]+/apimappings/")
# What no policy can keep to one stack of an account, and docs/deployment.md lists: log delivery, saved
# queries, composite alarms, subscriptions, the policies of distributions, and children of an API or domain
# have neither names nor tags that IAM sees.
CHANGES_ELSEWHERE = {
    "apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "cloudwatch:PutCompositeAlarm",
    *(f"cloudfront:{verb}{kind}" for verb in ("Update", "Delete")
      for kind in ("CachePolicy", "OriginAccessControl", "ResponseHeadersPolicy")),
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteQueryDefinition",
    "logs:PutQueryDefinition", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
}  # fmt: skip
# What makes something new, whichever stack it is for.
CREATES_ONLY = {
    "chatbot:CreateSlackChannelConfiguration",
    "cloudfront:CreateCachePolicy",
    "cloudfront:CreateDistribution",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy",
    "guardduty:CreateMalwareProtectionPlan",
    "iam:CreateServiceLinkedRole",
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
        keys = ("alarmName", "configurationName", "dashboardName", "namePrefix", "name", "layerName")
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
                "iam:AWSServiceName": arn.partition("aws-service-role/")[2].partition("/")[0],
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


def pairs(calls):
    return [(action, arn) for _, action, arn, _ in calls]


def reads(action):
    return action.partition(":")[2].startswith(("Get", "List", "Describe", "GET")) or action == "kms:Decrypt"


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


@pytest.mark.parametrize("element", ["Action", "Resource"])
def test_without_any_one_action_or_resource_something_is_denied(calls, element):
    superfluous = []
    for name in DEPLOY:
        for number, statement in enumerate(POLICIES[name]["Statement"]):
            concerned = [call for call in calls if call[1] in statement["Action"]]
            for member in statement[element]:
                policies = deepcopy(POLICIES)
                policies[name]["Statement"][number][element].remove(member)
                if not denied(policies, concerned):
                    superfluous.append((name, statement["Sid"], member))
    assert superfluous == []


def size(policy):
    return len(json.dumps(policy, separators=(",", ":")))


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_fits_into_a_managed_policy(name):
    assert size(POLICIES[name]) <= MANAGED_POLICY_CHARACTERS
    assert len(DEPLOY) <= MANAGED_POLICIES_OF_A_ROLE


def elsewhere(calls, stack):
    """The calls as another stack would need them: its names, tags, function, state and the state's key."""
    for role, action, arn, context in calls:
        other = arn.replace("dev-intake", f"{stack}-intake").replace("/dev/", f"/{stack}/")
        other = other.replace(VALUES["STATE_KEY"], OTHER_STATE_KEY)
        known = {
            key: stack if key.endswith("Tag/Stack") else value.replace("dev-intake", f"{stack}-intake")
            for key, value in context.items()
            if key not in TAGGED or not UNTAGGED.search(arn)
        }
        yield role, action, other, known


@pytest.mark.parametrize("stack", ["prod", "dev-eu", "eu-dev", "api-dev"])
def test_a_role_of_one_stack_touches_neither_state_nor_named_resources_of_another(calls, stack):
    named = [
        (role, action, arn, context)
        for role, action, arn, context in elsewhere(calls, stack)
        if f"{stack}-intake" in arn or f"/{stack}/" in arn or OTHER_STATE_KEY in arn
    ]
    assert len(named) > 100
    # Alarms are described for * only.
    assert {action for action, _ in set(pairs(named)) - denied(POLICIES, named)} == {
        "cloudwatch:DescribeAlarms"
    }


def test_what_a_role_can_change_in_another_stack_of_the_account_is_as_documented(calls):
    other = [call for call in elsewhere(calls, "prod") if not reads(call[1])]
    changed = {action for action, _ in set(pairs(other)) - denied(POLICIES, other)}
    assert changed == CREATES_ONLY | CHANGES_ELSEWHERE


@pytest.mark.parametrize("key", ["uploads/a", "uploads/dev-intake-a/b", "uploads/x-dev-y/z"])
def test_an_object_of_another_stack_is_not_deleted_whatever_its_key(key):
    bucket = OBJECT.partition("/")[0].replace("dev-intake", "prod-intake")
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert not allowed(POLICIES.values(), action, f"{bucket}/{key}", {})


def test_the_role_that_previews_changes_nothing_and_sees_neither_images_nor_rows():
    actions = {
        action for name in PREVIEW for each in POLICIES[name]["Statement"] for action in each["Action"]
    }
    assert all(reads(action) for action in actions)
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


def test_a_deployer_under_a_boundary_gives_permissions_only_to_roles_under_it(calls):
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    bounded = POLICIES | {"write": json.loads(roles.rendered(VALUES, boundary)["write"])}
    within = [(*call[:3], call[3] | {"iam:PermissionsBoundary": boundary}) for call in calls]
    assert {action for action, _ in denied(bounded, within)} == {"iam:DeleteRolePermissionsBoundary"}
    assert {action for action, _ in denied(bounded, calls)} == {
        "iam:CreateRole",
        "iam:DeleteRolePermissionsBoundary",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    }
    assert size(bounded["write"]) <= MANAGED_POLICY_CHARACTERS


def command(tmp_path, *options):
    """What the command prints, with a copy of it and of the templates, so that it writes elsewhere."""
    copytree(ROOT / "docs" / "roles", tmp_path / "docs" / "roles")
    (tmp_path / ".ci").mkdir()
    script = copy(ROOT / ".ci" / "roles.py", tmp_path / ".ci")
    given = ["--stack", "test", "--account", ACCOUNT, "--region", REGION, "--repository", "acme/x"]
    state = ["--state-bucket", "b", "--state-key", "k"]
    line = [sys.executable, script, *given, *state, *options]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--account", "", "ACCOUNT='' must match [0-9]{12}"),
        ("--stack", "Dev", "STACK='Dev' must match [a-z0-9-]+"),
        ("--owner-id", "12", "OWNER_ID and REPOSITORY_ID are given together or not at all"),
    ],
)
def test_a_missing_or_malformed_value_is_refused(tmp_path, option, value, said):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        command(tmp_path, option, value)
    assert said in refused.value.stderr
    assert not (tmp_path / "build").exists()


def test_the_command_writes_every_policy_and_prints_what_creates_the_roles(tmp_path):
    printed = command(tmp_path)
    written = list((tmp_path / "build" / "roles" / "test").glob("*.json"))
    assert {path.stem for path in written} == set(POLICIES)
    assert "$" not in "".join(path.read_text() for path in written)
    assert "aws iam create-role --role-name intake-test-deploy " in printed
    assert '"backend": "s3://b/test?region=eu-central-1"' in printed


def test_state_may_be_in_another_region_than_the_stack(tmp_path):
    printed = command(tmp_path, "--state-region", "eu-west-1")
    assert '"backend": "s3://b/test?region=eu-west-1"' in printed
    assert '"region": "eu-central-1"' in printed
