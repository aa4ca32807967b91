import json

import pytest

from guardrails import RULES, resource_types
from tests.infra.policies.broken_programs import adding, leaving_out, setting, unprotected, violations

ORIGINALS = "arn:aws:s3:::intake-originals-0a1b2c3"
SCANNED = {"s3Bucket": {"bucketName": "intake-originals-0a1b2c3"}}
LOGS = "intake-audit-logs-0a1b2c3"


def allowing(action, on):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": on}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


MISTAKES = {
    "bucket-encrypted": leaving_out(resource_types.BUCKET_ENCRYPTION),
    "queue-encrypted": setting(resource_types.QUEUE, sqsManagedSseEnabled=False),
    "topic-encrypted": adding(resource_types.TOPIC),
    "table-encrypted": setting(resource_types.TABLE, serverSideEncryption=None),
    "key-rotated": setting(resource_types.KEY, enableKeyRotation=False),
    "bucket-tls-only": leaving_out(resource_types.BUCKET_POLICY),
    "messages-tls-only": leaving_out(resource_types.QUEUE_POLICY),
    "bucket-private": setting(resource_types.PUBLIC_ACCESS_BLOCK, blockPublicPolicy=False),
    "bucket-without-acls": leaving_out(resource_types.BUCKET_OWNERSHIP),
    "resource-policy-private": setting(
        resource_types.BUCKET_POLICY, policy=allowing("s3:GetObject", ORIGINALS)
    ),
    "function-private": setting(resource_types.PERMISSION, principal="*"),
    "distribution-tls-only": adding(
        resource_types.DISTRIBUTION, defaultCacheBehavior={"viewerProtocolPolicy": "allow-all"}
    ),
    "distribution-signs-requests": adding(resource_types.DISTRIBUTION, origins=[{"originId": "x"}]),
    "distribution-tls-version": adding(resource_types.DISTRIBUTION, viewerCertificate={}),
    "iam-named-actions": setting(resource_types.ROLE_POLICY, policy=allowing("s3:*", ORIGINALS)),
    "iam-named-resources": setting(resource_types.ROLE_POLICY, policy=allowing("s3:GetObject", "*")),
    "iam-no-broad-managed-policy": adding(
        resource_types.POLICY_ATTACHMENT, policyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "iam-named-trust": setting(resource_types.ROLE, assumeRolePolicy=allowing("sts:AssumeRole", None)),
    "queue-dead-letters": setting(resource_types.QUEUE, redrivePolicy=None),
    "queue-visibility": setting(resource_types.FUNCTION, timeout=121),
    "partial-batches": setting(resource_types.MAPPING, functionResponseTypes=[]),
    "reserved-concurrency": setting(resource_types.FUNCTION, reservedConcurrentExecutions=109),
    "stream-dead-letters": setting(resource_types.MAPPING, destinationConfig=None),
    "notification-never-recurses": setting(
        resource_types.ROLE_POLICY, policy=allowing("s3:PutObject", f"{ORIGINALS}/*")
    ),
    "function-traced": setting(resource_types.FUNCTION, tracingConfig={"mode": "PassThrough"}),
    "function-runtime": setting(resource_types.FUNCTION, runtime="python3.8"),
    "log-retention": setting(resource_types.LOG_GROUP, retentionInDays=0),
    "function-log-group": setting(resource_types.FUNCTION, loggingConfig=None),
    "api-access-log": setting(resource_types.STAGE, accessLogSettings=None),
    "table-recoverable": setting(resource_types.TABLE, pointInTimeRecovery={"enabled": False}),
    "trail-validated": adding(resource_types.TRAIL, s3BucketName=LOGS),
    "logs-never-recurse": adding(resource_types.BUCKET_LOGGING, bucket=LOGS, targetBucket=LOGS),
    "production-bucket-logged": leaving_out(resource_types.BUCKET_LOGGING),
    "scan-result-protected": adding(resource_types.SCAN_PLAN, protectedResource=SCANNED),
    "scan-keeps-hearing": adding(resource_types.SCAN_PLAN, protectedResource=SCANNED),
    "production-protected": unprotected,
    "production-bucket-kept": setting(resource_types.BUCKET, forceDestroy=True),
    "production-table-kept": setting(resource_types.TABLE, deletionProtectionEnabled=False),
    "production-api-authorized": setting(resource_types.ROUTE, authorizationType="NONE"),
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
        {"delivery": "true"},
        {"deliveryReservedConcurrency": "5", "delivery": "true"},
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
        resource_types.TOPIC,
        resource_types.TOPIC_POLICY,
        resource_types.KEY,
        resource_types.KEY_POLICY,
        resource_types.FUNCTION_URL,
        resource_types.DISTRIBUTION,
        resource_types.TRAIL,
        resource_types.SCAN_PLAN,
        resource_types.POLICY,
        resource_types.POLICY_ATTACHMENT,
        resource_types.USER_POLICY,
        resource_types.GROUP_POLICY,
    }
    registered = {resource.type for resource in prod.deployment.resources}
    ruled = {kind for rule in RULES for kind in rule.types}
    assert ruled - absent <= registered
