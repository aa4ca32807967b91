import json

import pytest

from guardrails import RULES, tokens
from tests.infra.policies.judging import adding, leaving_out, setting, unprotected, violations

ORIGINALS = "arn:aws:s3:::intake-originals-0a1b2c3"
SCANNED = {"s3Bucket": {"bucketName": "intake-originals-0a1b2c3"}}
LOGS = "intake-audit-logs-0a1b2c3"


def allowing(action, on):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": on}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


MISTAKES = {
    "bucket-encrypted": leaving_out(tokens.BUCKET_ENCRYPTION),
    "queue-encrypted": setting(tokens.QUEUE, sqsManagedSseEnabled=False),
    "topic-encrypted": adding(tokens.TOPIC),
    "table-encrypted": setting(tokens.TABLE, serverSideEncryption=None),
    "key-rotated": setting(tokens.KEY, enableKeyRotation=False),
    "bucket-tls-only": leaving_out(tokens.BUCKET_POLICY),
    "messages-tls-only": leaving_out(tokens.QUEUE_POLICY),
    "bucket-private": setting(tokens.PUBLIC_ACCESS_BLOCK, blockPublicPolicy=False),
    "bucket-without-acls": leaving_out(tokens.BUCKET_OWNERSHIP),
    "resource-policy-private": setting(tokens.BUCKET_POLICY, policy=allowing("s3:GetObject", ORIGINALS)),
    "function-private": setting(tokens.PERMISSION, principal="*"),
    "iam-named-actions": setting(tokens.ROLE_POLICY, policy=allowing("s3:*", ORIGINALS)),
    "iam-named-resources": setting(tokens.ROLE_POLICY, policy=allowing("s3:GetObject", "*")),
    "iam-no-broad-managed-policy": adding(
        tokens.POLICY_ATTACHMENT, policyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "iam-named-trust": setting(tokens.ROLE, assumeRolePolicy=allowing("sts:AssumeRole", None)),
    "queue-dead-letters": setting(tokens.QUEUE, redrivePolicy=None),
    "queue-visibility": setting(tokens.FUNCTION, timeout=121),
    "partial-batches": setting(tokens.MAPPING, functionResponseTypes=[]),
    "stream-dead-letters": setting(tokens.MAPPING, destinationConfig=None),
    "notification-never-recurses": setting(
        tokens.ROLE_POLICY, policy=allowing("s3:PutObject", f"{ORIGINALS}/*")
    ),
    "function-traced": setting(tokens.FUNCTION, tracingConfig={"mode": "PassThrough"}),
    "function-runtime": setting(tokens.FUNCTION, runtime="python3.8"),
    "log-retention": setting(tokens.LOG_GROUP, retentionInDays=0),
    "function-log-group": setting(tokens.FUNCTION, loggingConfig=None),
    "api-access-log": setting(tokens.STAGE, accessLogSettings=None),
    "table-recoverable": setting(tokens.TABLE, pointInTimeRecovery={"enabled": False}),
    "trail-validated": adding(tokens.TRAIL, s3BucketName=LOGS),
    "logs-never-recurse": adding(tokens.BUCKET_LOGGING, bucket=LOGS, targetBucket=LOGS),
    "production-bucket-logged": leaving_out(tokens.BUCKET_LOGGING),
    "scan-result-protected": adding(tokens.SCAN_PLAN, protectedResource=SCANNED),
    "scan-keeps-hearing": adding(tokens.SCAN_PLAN, protectedResource=SCANNED),
    "production-protected": unprotected,
    "production-bucket-kept": setting(tokens.BUCKET, forceDestroy=True),
    "production-table-kept": setting(tokens.TABLE, deletionProtectionEnabled=False),
    "production-api-authorized": setting(tokens.ROUTE, authorizationType="NONE"),
}


def test_development_breaks_no_rule(dev):
    assert violations(dev, production=False) == []


def test_production_breaks_no_rule_and_none_of_its_own(prod):
    assert violations(prod, production=True) == []


@pytest.mark.parametrize(
    "values",
    [
        {"apiAuth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": '["images"]'},
        {"apiAuth": "none"},
        {"resizeTimeoutSeconds": "900", "batchingWindowSeconds": "300"},
        {"originalsExpireDays": "90"},
        {"corsOrigins": "[]"},
        {"malwareScan": "true"},
        {"accessLogs": "true"},
        {"dataEvents": "true"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_no_configuration_of_development_breaks_a_rule(registered, values):
    assert violations(registered(**values), production=False) == []


def test_a_development_stack_would_not_do_for_production(dev):
    broken = {violation.rule for violation in violations(dev, production=True)}
    assert broken == {
        "production-protected",
        "production-bucket-kept",
        "production-bucket-logged",
        "production-table-kept",
    }


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_a_mistake_in_the_program_is_found_by_the_rule_against_it(prod, rule):
    assert rule in {violation.rule for violation in violations(prod, production=True, change=MISTAKES[rule])}


def test_every_type_with_a_rule_is_registered_or_known_to_be_absent(prod):
    absent = {
        tokens.TOPIC,
        tokens.TOPIC_POLICY,
        tokens.KEY,
        tokens.KEY_POLICY,
        tokens.FUNCTION_URL,
        tokens.TRAIL,
        tokens.SCAN_PLAN,
        tokens.POLICY,
        tokens.POLICY_ATTACHMENT,
        tokens.USER_POLICY,
        tokens.GROUP_POLICY,
    }
    registered = {resource.type for resource in prod.deployment.resources}
    ruled = {kind for rule in RULES for kind in rule.types}
    assert ruled - absent <= registered
