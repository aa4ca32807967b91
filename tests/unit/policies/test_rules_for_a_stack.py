import json

import pytest

from guardrails import RULES, Stack, resource_types
from guardrails.recursion import overlap
from tests.unit.policies.resources import (
    CONSUMES,
    JOBS,
    NEWS,
    PHOTOS,
    ROLE,
    WORKER,
    allow,
    but,
    deny_plain_text,
    document,
    resource,
)

PACED = but(CONSUMES, scalingConfig={"maximumConcurrency": 7})
REDRIVE = {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "maxReceiveCount": 5}
TRIED = but(JOBS, redrivePolicy=json.dumps(REDRIVE), visibilityTimeoutSeconds=65)
NARROW = {"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "192.0.2.1"}}
BLOCKED = resource(
    resource_types.PUBLIC_ACCESS_BLOCK,
    "private",
    bucket="photos",
    blockPublicAcls=True,
    blockPublicPolicy=True,
    ignorePublicAcls=True,
    restrictPublicBuckets=True,
)
OTHERS = but(BLOCKED, bucket="others")
ROWS = resource(resource_types.TABLE, "rows", arn="arn:…:table/rows", streamArn="arn:…:table/rows/stream/1")
FOLLOWS = resource(
    resource_types.MAPPING,
    "follows",
    eventSourceArn=ROWS.props["streamArn"],
    functionName=WORKER.props["arn"],
    functionResponseTypes=["ReportBatchItemFailures"],
    destinationConfig={"onFailure": {"destinationArn": JOBS.props["arn"]}},
)
HEARS = resource(
    resource_types.BUCKET_NOTIFICATION,
    "hears",
    bucket="photos",
    queues=[{"queueArn": "…", "events": ["s3:ObjectCreated:*"], "filterPrefix": "uploads/"}],
    references={"bucket": [PHOTOS], "queues": [JOBS]},
)
CALLED = resource(
    resource_types.BUCKET_NOTIFICATION,
    "called",
    bucket="photos",
    lambdaFunctions=[{"events": ["s3:ObjectRemoved:Delete"], "filterSuffix": ".jpg"}],
    references={"bucket": [PHOTOS], "lambdaFunctions": [WORKER]},
)

LOGS = resource(resource_types.BUCKET, "logs", bucket="logs", arn="arn:aws:s3:::logs")
MORE_LOGS = resource(resource_types.BUCKET, "more", bucket="more", arn="arn:aws:s3:::more")
LOGGED = resource(resource_types.BUCKET_LOGGING, "logged", bucket="photos", targetBucket="logs")
LOGGED_BACK = resource(resource_types.BUCKET_LOGGING, "back", bucket="logs", targetBucket="photos")
LOGGED_ON = resource(resource_types.BUCKET_LOGGING, "on", bucket="logs", targetBucket="more")
LOGS_ITSELF = resource(resource_types.BUCKET_LOGGING, "self", bucket="photos", targetBucket="photos")


def trail(bucket, *arns, operator="startsWiths", kind="AWS::S3::Object"):
    fields = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": [kind]},
        *([{"field": "resources.ARN", operator: list(arns)}] if arns else []),
    ]
    selectors = [{"fieldSelectors": fields}]
    return resource(resource_types.TRAIL, "trail", s3BucketName=bucket, advancedEventSelectors=selectors)


def old_trail(bucket, *values, kind="AWS::S3::Object"):
    selectors = [{"dataResources": [{"type": kind, "values": list(values)}]}]
    return resource(resource_types.TRAIL, "trail", s3BucketName=bucket, eventSelectors=selectors)


def encryption(algorithm):
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}]
    return resource(resource_types.BUCKET_ENCRYPTION, "encryption", bucket="photos", rules=rules)


def ownership(value):
    return resource(
        resource_types.BUCKET_OWNERSHIP, "owned", bucket="photos", rule={"objectOwnership": value}
    )


def on_bucket(*statements):
    return resource(resource_types.BUCKET_POLICY, "p", bucket="photos", policy=document(*statements))


def on_queue(*statements):
    return resource(
        resource_types.QUEUE_POLICY, "p", queueUrl=JOBS.props["url"], policy=document(*statements)
    )


def on_topic(*statements):
    return resource(resource_types.TOPIC_POLICY, "p", arn=NEWS.props["arn"], policy=document(*statements))


def may(action, on):
    return resource(resource_types.ROLE_POLICY, "may", role="worker-role", policy=document(allow(action, on)))


SCANS = resource(
    resource_types.SCAN_PLAN,
    "scans",
    protectedResource={"s3Bucket": {"bucketName": "photos"}},
    role="scanner",
)
TAGGING = ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"]
TAGGING += ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]


def only_scanner(actions=TAGGING, **more):
    unless = {"ArnNotEquals": {"aws:PrincipalArn": "scanner"}}
    return {"Effect": "Deny", "Principal": "*", "Action": actions, "Condition": unless, **more}


def notification(**props):
    return resource(resource_types.BUCKET_NOTIFICATION, "hears", bucket="photos", **props)


CONTENT = [
    ("bucket-encrypted", PHOTOS, [encryption("aws:kms")]),
    ("bucket-tls-only", PHOTOS, [on_bucket(deny_plain_text("s3:*"))]),
    ("messages-tls-only", JOBS, [on_queue(deny_plain_text(["sqs:*"]))]),
    ("messages-tls-only", NEWS, [on_topic(deny_plain_text("sns:Publish"))]),
    ("bucket-private", PHOTOS, [OTHERS, BLOCKED]),
    ("bucket-without-acls", PHOTOS, [ownership("BucketOwnerEnforced")]),
    ("queue-dead-letters", JOBS, []),
    ("queue-dead-letters", TRIED, [CONSUMES]),
    ("queue-dead-letters", but(JOBS, redrivePolicy=REDRIVE), [CONSUMES]),
    ("queue-visibility", TRIED, [CONSUMES, WORKER]),
    ("reserved-concurrency", WORKER, [PACED, PACED]),
    ("reserved-concurrency", but(WORKER, reservedConcurrentExecutions=14), [PACED, PACED]),
    ("reserved-concurrency", but(WORKER, reservedConcurrentExecutions=1), [CONSUMES]),
    ("partial-batches", CONSUMES, [JOBS]),
    ("partial-batches", but(CONSUMES, eventSourceArn="arn:aws:kafka:…"), [JOBS]),
    ("partial-batches", FOLLOWS, [ROWS]),
    ("stream-dead-letters", FOLLOWS, [ROWS]),
    ("stream-dead-letters", CONSUMES, [JOBS]),
    ("notification-never-recurses", HEARS, [may("s3:PutObject", "arn:aws:s3:::thumbnails/*")]),
    ("notification-never-recurses", HEARS, [may("s3:PutObject", "arn:aws:s3:::photos/resized/*")]),
    ("notification-never-recurses", HEARS, [may("s3:GetObject", "arn:aws:s3:::photos/uploads/*")]),
    ("notification-never-recurses", HEARS, [may("s3:DeleteObject", "arn:aws:s3:::photos/uploads/*")]),
    ("notification-never-recurses", CALLED, [may("s3:PutObject", "*")]),
    ("notification-never-recurses", CALLED, [may("s3:DeleteObject", "arn:aws:s3:::photos/*.png")]),
    ("logs-never-recurse", LOGGED, [LOGS]),
    ("logs-never-recurse", LOGGED, [LOGS, MORE_LOGS, LOGGED_ON]),
    ("logs-never-recurse", LOGGED, [LOGS, trail("logs", "arn:aws:s3:::photos/")]),
    ("logs-never-recurse", trail("logs", "arn:aws:s3:::photos/"), [LOGS]),
    ("logs-never-recurse", trail("logs", "arn:aws:s3:::photos/a", operator="equals"), [LOGS]),
    ("logs-never-recurse", trail("logs", kind="AWS::DynamoDB::Table"), [LOGS]),
    ("logs-never-recurse", resource(resource_types.TRAIL, "trail", s3BucketName="logs"), [LOGS]),
    ("logs-never-recurse", old_trail("logs", "arn:aws:s3:::photos/"), [LOGS]),
    ("logs-never-recurse", old_trail("logs", "arn:aws:lambda", kind="AWS::Lambda::Function"), [LOGS]),
    ("scan-result-protected", SCANS, [on_bucket(only_scanner())]),
    ("scan-result-protected", but(SCANS, protectedResource={"s3Bucket": {"bucketName": "others"}}), []),
    ("scan-keeps-hearing", SCANS, []),
    ("scan-keeps-hearing", SCANS, [notification(eventbridge=True)]),
    ("scan-keeps-hearing", SCANS, [but(notification(), bucket="others")]),
    ("production-bucket-logged", PHOTOS, [LOGS, LOGGED]),
    ("production-bucket-logged", LOGS, [LOGGED]),
    ("production-bucket-logged", LOGS, [trail("logs", "arn:aws:s3:::photos/")]),
]

OBJECTING = [
    ("bucket-encrypted", PHOTOS, [], "has no server-side encryption"),
    ("bucket-encrypted", PHOTOS, [encryption("rot13")], "without an algorithm"),
    ("bucket-tls-only", PHOTOS, [], "without TLS"),
    ("bucket-tls-only", PHOTOS, [on_bucket(deny_plain_text("s3:GetObject"))], "without TLS"),
    ("bucket-tls-only", PHOTOS, [on_bucket(deny_plain_text("s3:*", Principal={"AWS": "1"}))], "without TLS"),
    ("bucket-tls-only", PHOTOS, [on_bucket(deny_plain_text("s3:*", Condition={}))], "without TLS"),
    ("bucket-tls-only", PHOTOS, [on_bucket(deny_plain_text("s3:*", Condition=NARROW))], "without TLS"),
    ("messages-tls-only", JOBS, [on_queue(deny_plain_text("sqs:*", Effect="Allow"))], "without TLS"),
    ("messages-tls-only", NEWS, [], "without TLS"),
    ("bucket-private", PHOTOS, [OTHERS], "does not block public access"),
    ("bucket-private", PHOTOS, [but(BLOCKED, ignorePublicAcls=False)], "without ignorePublicAcls"),
    ("bucket-without-acls", PHOTOS, [], "access control lists"),
    ("bucket-without-acls", PHOTOS, [ownership("ObjectWriter")], "access control lists"),
    ("queue-dead-letters", JOBS, [CONSUMES], "no dead-letter queue"),
    (
        "queue-dead-letters",
        but(JOBS, redrivePolicy='{"deadLetterTargetArn":"a","maxReceiveCount":4}'),
        [CONSUMES],
        "after 4 receives",
    ),
    (
        "queue-dead-letters",
        but(JOBS, redrivePolicy='{"maxReceiveCount":5}'),
        [CONSUMES],
        "names no dead-letter queue",
    ),
    ("queue-visibility", but(TRIED, visibilityTimeoutSeconds=64), [CONSUMES, WORKER], "worker needs 65 s"),
    ("queue-visibility", JOBS, [CONSUMES, WORKER], "for 30 s"),
    (
        "reserved-concurrency",
        but(WORKER, reservedConcurrentExecutions=13),
        [PACED, PACED],
        "reserves 13 concurrent executions; its mappings may need 14",
    ),
    (
        "partial-batches",
        but(CONSUMES, without=["functionResponseTypes"]),
        [JOBS],
        "whole batch",
    ),
    ("partial-batches", but(FOLLOWS, functionResponseTypes=[]), [ROWS], "whole batch"),
    ("stream-dead-letters", but(FOLLOWS, without=["destinationConfig"]), [ROWS], "drops the records"),
    ("stream-dead-letters", but(FOLLOWS, destinationConfig={"onFailure": {}}), [ROWS], "drops the records"),
    (
        "notification-never-recurses",
        HEARS,
        [may("s3:PutObject", "arn:aws:s3:::photos/uploads/*")],
        "notifies worker of objects on which it may do s3:PutObject itself",
    ),
    ("notification-never-recurses", HEARS, [may("s3:Put*", "arn:aws:s3:::photos/*")], "s3:PutObject"),
    ("notification-never-recurses", CALLED, [may("s3:deleteobject", "*")], "s3:DeleteObject"),
    ("logs-never-recurse", LOGS_ITSELF, [], "records what is written to photos"),
    ("logs-never-recurse", LOGGED, [LOGS, LOGGED_BACK], "records what is written to photos"),
    ("logs-never-recurse", trail("logs"), [LOGS], "records what is written to logs"),
    ("logs-never-recurse", trail("logs", "arn:aws:s3:::"), [LOGS], "records what is written to logs"),
    ("logs-never-recurse", trail("logs", "arn:aws:s3:::logs/x"), [LOGS], "what is written to logs"),
    ("logs-never-recurse", old_trail("logs", "arn:aws:s3"), [LOGS], "records what is written to logs"),
    (
        "logs-never-recurse",
        trail("logs", "arn:aws:s3:::photos/"),
        [LOGS, LOGGED_BACK],
        "records what is written to photos",
    ),
    ("scan-result-protected", SCANS, [], "others may do s3:DeleteObjectTagging"),
    ("scan-result-protected", SCANS, [on_bucket(only_scanner(Effect="Allow"))], "others may do"),
    ("scan-result-protected", SCANS, [on_bucket(only_scanner(Principal={"AWS": "1"}))], "others may do"),
    (
        "scan-result-protected",
        SCANS,
        [on_bucket(only_scanner(TAGGING[:3]))],
        "may do s3:PutObjectVersionTagging",
    ),
    ("scan-result-protected", SCANS, [on_bucket(only_scanner(Condition=NARROW))], "others may do"),
    (
        "scan-result-protected",
        SCANS,
        [on_bucket(only_scanner(Condition={"ArnEquals": {"aws:PrincipalArn": "x"}}))],
        "others may do",
    ),
    ("scan-keeps-hearing", SCANS, [notification()], "EventBridge events of photos, which hears switches off"),
    ("scan-keeps-hearing", SCANS, [notification(eventbridge=False)], "switches off"),
    ("production-bucket-logged", PHOTOS, [], "does not log who"),
    ("production-bucket-logged", PHOTOS, [LOGS, MORE_LOGS, LOGGED_ON], "does not log who"),
]


CONNECTED = {
    "notification-never-recurses": [PHOTOS, JOBS, CONSUMES, WORKER, ROLE],
    "logs-never-recurse": [PHOTOS],
    "scan-result-protected": [PHOTOS],
    "scan-keeps-hearing": [PHOTOS],
}


def clauses(name, subject, others):
    (rule,) = [rule for rule in RULES if rule.name == name]
    assert subject.type in rule.types
    connected = CONNECTED.get(name, [])
    return list(rule.check(subject, Stack([subject, *connected, *others])))


@pytest.mark.parametrize(("rule", "subject", "others"), CONTENT)
def test_a_rule_is_content_with_what_it_asks_for(rule, subject, others):
    assert clauses(rule, subject, others) == []


@pytest.mark.parametrize(("rule", "subject", "others", "clause"), OBJECTING)
def test_a_rule_objects_to_anything_else(rule, subject, others, clause):
    (said,) = clauses(rule, subject, others)
    assert clause in said


def test_every_rule_for_a_stack_has_a_case_of_both_kinds():
    rules = {rule.name for rule in RULES if rule.needs_stack}
    assert {rule for rule, _, _ in CONTENT} == rules
    assert {rule for rule, *_ in OBJECTING} == rules


def test_managed_policies_that_are_attached_count_too():
    policy = resource(
        resource_types.POLICY,
        "writes",
        arn="arn:aws:iam::1:policy/writes",
        policy=document(allow("s3:PutObject")),
    )
    attachment = resource(
        resource_types.POLICY_ATTACHMENT,
        "attached",
        role="worker-role",
        policyArn="arn:aws:iam::1:policy/writes",
    )
    assert clauses("notification-never-recurses", HEARS, [policy]) == []
    assert clauses("notification-never-recurses", HEARS, [policy, attachment])


def test_references_decide_before_values_do():
    unknown = resource(resource_types.PUBLIC_ACCESS_BLOCK, "private", references={"bucket": [PHOTOS]})
    (said,) = clauses("bucket-private", PHOTOS, [unknown])
    assert said.startswith("blocks public access without blockPublicAcls")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a*", "*b", True),
        ("a*", "b*", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*", "", True),
        ("a*a", "a", False),
        ("uploads/*", "uploads/*.jpg", True),
        ("uploads/*", "resized/*", False),
        ("*/x", "y/*", True),
    ],
)
def test_two_patterns_overlap_if_some_text_matches_both(one, other, expected):
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected
