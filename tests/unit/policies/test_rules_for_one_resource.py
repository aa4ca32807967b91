from datetime import date

import pytest

from guardrails import RULES, Stack, resource_types
from guardrails.functions import DEPRECATED_ON, runtime_on
from handlers.contract import routes
from tests.unit.policies.resources import allow, deny_plain_text, document, resource

RULES_OF_SCANS = "arn:aws:events:r:1:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtection"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/photos"
LAMBDA = {"Service": "lambda.amazonaws.com"}
EVERYONE = {"AWS": ["arn:aws:iam::111122223333:root", "*"]}


def policy(*statements, kind=resource_types.ROLE_POLICY):
    return resource(kind, "p", policy=document(*statements))


def distribution(default="redirect-to-https", other="https-only", **props):
    """A distribution that no rule objects to, but for what is given."""
    given = {
        "defaultCacheBehavior": {"viewerProtocolPolicy": default},
        "orderedCacheBehaviors": [{"viewerProtocolPolicy": other}],
        "origins": [{"originId": "photos", "originAccessControlId": "E1"}],
        "viewerCertificate": {"acmCertificateArn": "arn:…", "minimumProtocolVersion": "TLSv1.2_2021"},
    }
    return resource(resource_types.DISTRIBUTION, "d", **given | props)


CONTENT = [
    *((f"distribution-{rule}", distribution()) for rule in ("tls-only", "signs-requests", "tls-version")),
    ("distribution-tls-only", distribution(orderedCacheBehaviors=None)),
    ("distribution-tls-version", distribution(viewerCertificate={"cloudfrontDefaultCertificate": True})),
    (
        "distribution-tls-version",
        distribution(viewerCertificate={"minimumProtocolVersion": "TLSv1.3_2025"}),
    ),
    ("queue-encrypted", resource(resource_types.QUEUE, "q", sqsManagedSseEnabled=True)),
    ("queue-encrypted", resource(resource_types.QUEUE, "q", kmsMasterKeyId="alias/jobs")),
    ("topic-encrypted", resource(resource_types.TOPIC, "t", kmsMasterKeyId="alias/news")),
    ("table-encrypted", resource(resource_types.TABLE, "t", serverSideEncryption={"enabled": True})),
    ("table-encrypted", resource(resource_types.TABLE, "t", serverSideEncryption={"enabled": False})),
    ("key-rotated", resource(resource_types.KEY, "k", enableKeyRotation=True)),
    ("resource-policy-private", policy(deny_plain_text("sqs:*"), kind=resource_types.QUEUE_POLICY)),
    (
        "resource-policy-private",
        policy(
            allow("sqs:SendMessage", Principal={"Service": "s3.amazonaws.com"}),
            kind=resource_types.QUEUE_POLICY,
        ),
    ),
    ("resource-policy-private", resource(resource_types.KEY, "a key with AWS's default policy")),
    (
        "resource-policy-private",
        policy(
            allow("kms:Decrypt", Principal={"Service": "s3.amazonaws.com"}), kind=resource_types.KEY_POLICY
        ),
    ),
    (
        "function-private",
        resource(resource_types.PERMISSION, "p", principal="apigateway.amazonaws.com", sourceArn="arn:…"),
    ),
    ("function-private", resource(resource_types.PERMISSION, "p", principal="111122223333")),
    ("function-private", resource(resource_types.FUNCTION_URL, "u", authorizationType="AWS_IAM")),
    ("iam-named-actions", policy(allow(["s3:GetObject"]))),
    ("iam-named-actions", policy({**allow("s3:*"), "Effect": "Deny"})),
    ("iam-named-resources", policy(allow("s3:GetObject", "arn:aws:s3:::photos/uploads/*"))),
    ("iam-named-resources", policy(allow("dynamodb:Query", [TABLE, f"{TABLE}/index/*"]))),
    ("iam-named-resources", policy(allow("kms:Decrypt", "arn:aws:kms:r:1:key/1111-2222"))),
    ("iam-named-resources", policy(allow("events:PutRule", f"{RULES_OF_SCANS}S3*"))),
    ("iam-named-resources", policy(allow("logs:PutLogEvents", "arn:aws:logs:r:1:log-group:mine:*"))),
    ("iam-named-resources", policy(allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]))),
    ("iam-no-broad-managed-policy", resource(resource_types.ROLE, "r", assumeRolePolicy="{}")),
    (
        "iam-no-broad-managed-policy",
        resource(resource_types.POLICY_ATTACHMENT, "a", policyArn="arn:aws:iam::111122223333:policy/mine"),
    ),
    (
        "iam-named-trust",
        resource(resource_types.ROLE, "r", assumeRolePolicy=document(allow("x", Principal=LAMBDA))),
    ),
    ("function-traced", resource(resource_types.FUNCTION, "f", tracingConfig={"mode": "Active"})),
    ("function-runtime", resource(resource_types.FUNCTION, "f", runtime="python3.13")),
    ("function-runtime", resource(resource_types.FUNCTION, "f", packageType="Image")),
    ("log-retention", resource(resource_types.LOG_GROUP, "l", retentionInDays=14)),
    ("function-log-group", resource(resource_types.FUNCTION, "f", loggingConfig={"logGroup": "mine"})),
    ("api-access-log", resource(resource_types.STAGE, "s", accessLogSettings={"destinationArn": "arn:…"})),
    ("table-recoverable", resource(resource_types.TABLE, "t", pointInTimeRecovery={"enabled": True})),
    ("production-protected", resource(resource_types.BUCKET, "b", protect=True)),
    ("production-bucket-kept", resource(resource_types.BUCKET, "b", forceDestroy=False)),
    ("production-table-kept", resource(resource_types.TABLE, "t", deletionProtectionEnabled=True)),
    ("production-api-authorized", resource(resource_types.ROUTE, "r", authorizationType="AWS_IAM")),
    ("production-api-authorized", resource(resource_types.ROUTE, "r", authorizationType="JWT")),
    *(
        (
            "production-api-authorized",
            resource(resource_types.ROUTE, "r", routeKey=route, authorizationType="NONE"),
        )
        for route in sorted(routes.PUBLIC)
    ),
    ("trail-validated", resource(resource_types.TRAIL, "t", enableLogFileValidation=True)),
]

OBJECTING = [
    ("queue-encrypted", resource(resource_types.QUEUE, "q"), "does not encrypt"),
    ("queue-encrypted", resource(resource_types.QUEUE, "q", sqsManagedSseEnabled=False), "does not encrypt"),
    ("topic-encrypted", resource(resource_types.TOPIC, "t"), "does not encrypt"),
    ("table-encrypted", resource(resource_types.TABLE, "t"), "does not state"),
    ("key-rotated", resource(resource_types.KEY, "k"), "is never rotated"),
    (
        "resource-policy-private",
        policy(allow("kms:Decrypt", Principal="*"), kind=resource_types.KEY_POLICY),
        "allows kms:Decrypt to everyone",
    ),
    (
        "resource-policy-private",
        policy(allow("s3:GetObject", Principal="*"), kind=resource_types.BUCKET_POLICY),
        "allows s3:GetObject to everyone",
    ),
    (
        "resource-policy-private",
        policy(allow("kms:Decrypt", Principal=EVERYONE), kind=resource_types.KEY),
        "to everyone",
    ),
    (
        "resource-policy-private",
        policy(allow("sns:Publish", NotPrincipal=LAMBDA), kind=resource_types.TOPIC_POLICY),
        "to everyone",
    ),
    (
        "function-private",
        resource(resource_types.PERMISSION, "p", principal="*", sourceArn="arn:…"),
        "lets *",
    ),
    (
        "function-private",
        resource(resource_types.PERMISSION, "p", principal="s3.amazonaws.com"),
        "for any account",
    ),
    (
        "function-private",
        resource(resource_types.FUNCTION_URL, "u", authorizationType="NONE"),
        "anyone can call",
    ),
    ("distribution-tls-only", distribution(default="allow-all"), "over plain HTTP"),
    ("distribution-tls-only", distribution(other="allow-all"), "over plain HTTP"),
    (
        "distribution-signs-requests",
        distribution(origins=[{"originId": "photos", "originAccessControlId": "E1"}, {"originId": "news"}]),
        "to the origin news",
    ),
    (
        "distribution-tls-version",
        distribution(viewerCertificate={"minimumProtocolVersion": "TLSv1.1_2016"}),
        "TLS below 1.2",
    ),
    ("distribution-tls-version", distribution(viewerCertificate={}), "TLS below 1.2"),
    ("iam-named-actions", policy(allow("s3:*")), "allows s3:*"),
    ("iam-named-actions", policy(allow(["sqs:SendMessage", "dynamodb:Get*"])), "allows dynamodb:Get*"),
    ("iam-named-actions", policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), "except some"),
    ("iam-named-resources", policy(allow("s3:GetObject")), "allows s3:GetObject on *"),
    ("iam-named-resources", policy(allow("s3:GetObject", "arn:aws:s3:::*")), "on arn:aws:s3:::*"),
    (
        "iam-named-resources",
        policy(allow("s3:GetObject", "arn:aws:s3:::photo*/a")),
        "on arn:aws:s3:::photo*/a",
    ),
    ("iam-named-resources", policy(allow("dynamodb:Query", "arn:aws:dynamodb:r:1:table/*")), "on arn"),
    ("iam-named-resources", policy(allow("sqs:SendMessage", "arn:aws:sqs:*:*:jobs")), "on arn"),
    ("iam-named-resources", policy(allow("events:PutRule", f"{RULES_OF_SCANS}*")), "on arn"),
    (
        "iam-named-resources",
        policy(allow("events:PutRule", f"{RULES_OF_SCANS}S3*".replace(":1:", ":*:"))),
        "on arn",
    ),
    ("iam-named-resources", policy(allow("kms:Decrypt", "arn:aws:kms:r:1:key/*")), "allows kms:Decrypt"),
    (
        "iam-named-resources",
        policy(allow(["xray:PutTraceSegments", "s3:GetObject"])),
        "allows s3:GetObject on *",
    ),
    (
        "iam-named-resources",
        policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::mine"}),
        "every resource except some",
    ),
    (
        "iam-no-broad-managed-policy",
        resource(resource_types.ROLE, "r", managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "attaches AdministratorAccess",
    ),
    (
        "iam-no-broad-managed-policy",
        resource(
            resource_types.POLICY_ATTACHMENT, "a", policyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess"
        ),
        "attaches AmazonS3FullAccess",
    ),
    (
        "iam-named-trust",
        resource(
            resource_types.ROLE,
            "r",
            assumeRolePolicy=document(allow("sts:AssumeRole", Principal={"AWS": "*"})),
        ),
        "assumed by everyone",
    ),
    ("function-traced", resource(resource_types.FUNCTION, "f"), "is not traced"),
    (
        "function-traced",
        resource(resource_types.FUNCTION, "f", tracingConfig={"mode": "PassThrough"}),
        "not traced",
    ),
    (
        "function-runtime",
        resource(resource_types.FUNCTION, "f", runtime="python3.9"),
        "deprecated on 2025-12-15",
    ),
    ("function-runtime", resource(resource_types.FUNCTION, "f", runtime="cobol85"), "date is not known"),
    ("log-retention", resource(resource_types.LOG_GROUP, "l"), "for ever"),
    ("log-retention", resource(resource_types.LOG_GROUP, "l", retentionInDays=0), "for ever"),
    ("function-log-group", resource(resource_types.FUNCTION, "f"), "that Lambda creates"),
    (
        "function-log-group",
        resource(resource_types.FUNCTION, "f", loggingConfig={"logFormat": "JSON"}),
        "Lambda",
    ),
    ("api-access-log", resource(resource_types.STAGE, "s"), "does not log who calls it"),
    ("table-recoverable", resource(resource_types.TABLE, "t"), "cannot be restored"),
    (
        "table-recoverable",
        resource(resource_types.TABLE, "t", pointInTimeRecovery={"enabled": False}),
        "cannot be",
    ),
    ("production-protected", resource(resource_types.TABLE, "t"), "is not protected"),
    ("production-bucket-kept", resource(resource_types.BUCKET, "b", forceDestroy=True), "is emptied"),
    ("production-table-kept", resource(resource_types.TABLE, "t"), "can be deleted"),
    ("production-api-authorized", resource(resource_types.ROUTE, "r"), "called by everyone"),
    (
        "production-api-authorized",
        resource(resource_types.ROUTE, "r", authorizationType="NONE"),
        "by everyone",
    ),
    ("trail-validated", resource(resource_types.TRAIL, "t", s3BucketName="logs"), "would go unnoticed"),
]


def clauses(name, subject):
    (rule,) = [rule for rule in RULES if rule.name == name]
    assert subject.type in rule.types
    return list(rule.check(subject, Stack()))


@pytest.mark.parametrize(("rule", "subject"), CONTENT)
def test_a_rule_is_content_with_what_it_asks_for(rule, subject):
    assert clauses(rule, subject) == []


@pytest.mark.parametrize(("rule", "subject", "clause"), OBJECTING)
def test_a_rule_objects_to_anything_else(rule, subject, clause):
    (said,) = clauses(rule, subject)
    assert clause in said


def test_every_rule_for_one_resource_has_a_case_of_both_kinds():
    rules = {rule.name for rule in RULES if not rule.needs_stack}
    assert {rule for rule, _ in CONTENT} == rules
    assert {rule for rule, _, _ in OBJECTING} == rules


def test_a_runtime_is_refused_from_the_day_of_its_deprecation():
    (last_day,) = {DEPRECATED_ON["python3.12"]}
    assert last_day == date(2028, 10, 31)
    assert list(runtime_on("python3.12", date(2028, 10, 30))) == []
    assert list(runtime_on("python3.12", last_day)) == [
        "runs on python3.12, which AWS deprecated on 2028-10-31"
    ]
