import pytest

from handlers.contract import keys

ORIGINALS = "arn:aws:s3:::intake-originals-0a1b2c3"
VARIANTS = "arn:aws:s3:::intake-variants-0a1b2c3"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/intake-ImageMetadata-0a1b2c3"
LOGS = "arn:aws:s3:::intake-audit-logs-0a1b2c3"
TRAIL = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/intake-audit-logs-0a1b2c3"

TLS_ONLY = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [LOGS, f"{LOGS}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ACCESS_LOGS = {
    "Sid": "AccessLogs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"{LOGS}/access/*",
    "Condition": {
        "ArnEquals": {"aws:SourceArn": [ORIGINALS, VARIANTS]},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    },
}
ACL = {
    "Sid": "TrailChecksBucketOwner",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": "s3:GetBucketAcl",
    "Resource": LOGS,
    "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
}
EVENTS = {
    "Sid": "TrailEvents",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"{LOGS}/events/AWSLogs/123456789012/*",
    "Condition": {"StringEquals": {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}},
}


@pytest.fixture
def audited(registered):
    return registered(accessLogs="true", dataEvents="true")


@pytest.mark.parametrize(
    ("access_logs", "data_events", "resources", "statements"),
    [
        ("false", "false", [], []),
        ("true", "false", ["intake-audit-originals", "intake-audit-variants"], [ACCESS_LOGS, TLS_ONLY]),
        ("false", "true", ["intake-audit-events"], [ACL, EVENTS, TLS_ONLY]),
        (
            "true",
            "true",
            ["intake-audit-originals", "intake-audit-variants", "intake-audit-events"],
            [ACCESS_LOGS, ACL, EVENTS, TLS_ONLY],
        ),
    ],
)
def test_what_is_asked_for_is_recorded_and_only_who_records_it_is_let_in(
    registered, access_logs, data_events, resources, statements
):
    stack = registered(accessLogs=access_logs, dataEvents=data_events)
    recorders = [*stack.all(":BucketLogging"), *stack.all(":Trail")]
    assert [resource.name for resource in recorders] == resources
    if not resources:
        assert not [found.name for found in stack.deployment.resources if "audit" in found.name]
        return
    assert stack.one("/bucket:Bucket", "intake-audit-logs").inputs == {"forceDestroy": True}
    assert stack.statements(":BucketPolicy", "intake-audit-logs-policy") == statements


def test_production_logs_who_uses_its_buckets_and_development_does_not(dev, prod):
    assert [logging.name for logging in prod.all(":BucketLogging")] == [
        "intake-audit-originals",
        "intake-audit-variants",
    ]
    assert dev.all(":BucketLogging") == []
    assert prod.all(":Trail") == dev.all(":Trail") == []


@pytest.mark.parametrize("kind", ["originals", "variants"])
def test_the_requests_to_a_bucket_are_logged_by_the_day_on_which_they_were_made(audited, kind):
    assert audited.one(":BucketLogging", f"intake-audit-{kind}").inputs == {
        "bucket": f"intake-{kind}-0a1b2c3",
        "targetBucket": "intake-audit-logs-0a1b2c3",
        "targetPrefix": "access/",
        "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
    }


def test_the_trail_records_objects_and_rows_of_this_stack_and_nothing_else(audited):
    trail = audited.one(":Trail").inputs
    selected = [
        {field["field"]: {key: value for key, value in field.items() if key != "field"} for field in fields}
        for fields in (selector["fieldSelectors"] for selector in trail["advancedEventSelectors"])
    ]
    assert selected == [
        {
            "eventCategory": {"equals": ["Data"]},
            "resources.type": {"equals": ["AWS::S3::Object"]},
            "resources.ARN": {"startsWiths": [f"{ORIGINALS}/", f"{VARIANTS}/"]},
        },
        {
            "eventCategory": {"equals": ["Data"]},
            "resources.type": {"equals": ["AWS::DynamoDB::Table"]},
            "resources.ARN": {"equals": [TABLE]},
        },
    ]
    assert "eventSelectors" not in trail
    assert trail["isMultiRegionTrail"] is False
    assert trail["includeGlobalServiceEvents"] is False


def test_the_trail_signs_what_it_delivers_where_the_policy_lets_it(audited):
    trail = audited.one(":Trail").inputs
    assert trail["enableLogFileValidation"] is True
    assert trail["s3BucketName"] == "intake-audit-logs-0a1b2c3"
    assert trail["s3KeyPrefix"] == "events"
    assert audited.one(":Trail").outputs["arn"] == TRAIL


def test_nothing_is_delivered_before_the_bucket_lets_it_in(audited):
    policy = audited.one(":BucketPolicy", "intake-audit-logs-policy")
    for recorder in (*audited.all(":BucketLogging"), *audited.all(":Trail")):
        assert policy.urn in recorder.dependencies, recorder.name


def test_the_bucket_of_logs_is_private_and_encrypted_with_the_keys_of_s3(audited):
    name = "intake-audit-logs"
    block = audited.one(":BucketPublicAccessBlock", f"{name}-private").inputs
    assert {block[key] for key in block if key != "bucket"} == {True}
    ownership = audited.one(":BucketOwnershipControls", f"{name}-ownership").inputs
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = audited.one(":BucketServerSideEncryptionConfiguration", f"{name}-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_logs_are_forgotten_after_the_days_that_the_stack_says(registered):
    for days, stack in (
        (365, registered(accessLogs="true")),
        (30, registered(dataEvents="true", auditRetentionDays="30")),
    ):
        lifecycle = stack.one(":BucketLifecycleConfiguration", "intake-audit-logs-lifecycle").inputs
        assert lifecycle["bucket"] == "intake-audit-logs-0a1b2c3"
        assert lifecycle["rules"] == [
            {"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}}
        ]


def test_production_keeps_its_logs_whatever_happens_to_the_stack(prod):
    bucket = prod.one("/bucket:Bucket", "intake-audit-logs")
    assert bucket.protect
    assert bucket.retain_on_delete
    assert bucket.inputs["forceDestroy"] is False


def test_no_role_of_the_stack_names_the_bucket_of_logs(audited):
    policies = {policy.name: policy.inputs["policy"] for policy in audited.all(":RolePolicy")}
    assert any(keys.ORIGINALS_PREFIXES["bulk"] in text for text in policies.values())
    assert not [name for name, text in policies.items() if LOGS in text]
