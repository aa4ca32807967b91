"""The malware scan: its role, its plan, and what it changes for everybody else."""

import json

import pytest

from components.config import ConfigError
from handlers import keys
from handlers.scanning import CLEAN, MAX_WAIT_SECONDS, TAG
from handlers.settings import ResizeSettings, load
from local.stack import run_program
from tests.infra.cloud import ROOT, FakeCloud, PreviewedCloud, Registered
from tests.infra.policies.judging import violations

BUCKET = "arn:aws:s3:::intake-originals-0a1b2c3"
OBJECTS = f"{BUCKET}/uploads/*"
ROLE = "arn:aws:iam::123456789012:role/intake-scan-role-0a1b2c3"
RULE = "arn:aws:events:eu-central-1:123456789012:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"
SERVICE = "malware-protection-plan.guardduty.amazonaws.com"


@pytest.fixture(scope="module")
def gated():
    return Registered(run_program(ROOT, "dev", FakeCloud(), {"image-intake:malwareScan": "true"}))


def test_nothing_is_scanned_unless_the_stack_says_so(stack):
    assert stack.all(":MalwareProtectionPlan") == []
    assert "eventbridge" not in stack.one(":BucketNotification").inputs
    variables = stack.one("/function:Function", "intake-resize").inputs["environment"]["variables"]
    assert load(ResizeSettings, variables).malware_scan_seconds == 0


def test_every_original_is_scanned_and_tagged(gated):
    assert gated.one(":MalwareProtectionPlan").inputs == {
        "role": ROLE,
        "protectedResource": {
            "s3Bucket": {
                "bucketName": "intake-originals-0a1b2c3",
                "objectPrefixes": [keys.ORIGINALS_PREFIX],
            }
        },
        "actions": [{"taggings": [{"status": "ENABLED"}]}],
    }


def test_the_plan_is_made_when_all_that_it_tries_is_there(gated):
    after = {
        gated.one(":RolePolicy", "intake-scan-permissions").urn,
        gated.one(":BucketPolicy", "intake-originals-policy").urn,
        gated.one(":BucketNotification").urn,
    }
    assert after <= set(gated.one(":MalwareProtectionPlan").dependencies)


def test_the_bucket_tells_eventbridge_as_well_so_that_neither_undoes_the_other(gated):
    notification = gated.one(":BucketNotification").inputs
    assert notification["eventbridge"] is True
    assert len(notification["queues"]) == 1


def test_the_role_is_assumed_by_plans_of_this_account_and_region_only(gated):
    role = gated.one("/role:Role", "intake-scan-role")
    assert json.loads(role.inputs["assumeRolePolicy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "123456789012"},
                "ArnLike": {
                    "aws:SourceArn": "arn:aws:guardduty:eu-central-1:123456789012:malware-protection-plan/*"
                },
            },
        }
    ]


def test_the_role_may_do_what_guardduty_asks_for_and_only_below_the_prefix(gated):
    granted = {
        action: (statement["Resource"], statement.get("Condition"))
        for statement in gated.statements(":RolePolicy", "intake-scan-permissions")
        for action in statement["Action"]
    }
    managed = {"StringEquals": {"events:ManagedBy": SERVICE}}
    assert granted == {
        "events:DeleteRule": ([RULE], managed),
        "events:PutRule": ([RULE], managed),
        "events:PutTargets": ([RULE], managed),
        "events:RemoveTargets": ([RULE], managed),
        "events:DescribeRule": ([RULE], None),
        "events:ListTargetsByRule": ([RULE], None),
        "s3:GetBucketNotification": ([BUCKET], None),
        "s3:ListBucket": ([BUCKET], None),
        "s3:PutBucketNotification": ([BUCKET], None),
        "s3:PutObject": ([f"{BUCKET}/malware-protection-resource-validation-object"], None),
        "s3:GetObject": ([OBJECTS], None),
        "s3:GetObjectVersion": ([OBJECTS], None),
        "s3:GetObjectTagging": ([OBJECTS], None),
        "s3:GetObjectVersionTagging": ([OBJECTS], None),
        "s3:PutObjectTagging": ([OBJECTS], None),
        "s3:PutObjectVersionTagging": ([OBJECTS], None),
    }


def test_with_a_key_the_role_uses_it_through_s3(registered):
    keyed = registered(malwareScan="true", kmsKey="create")
    statements = keyed.statements(":RolePolicy", "intake-scan-permissions")
    used = [statement for statement in statements if "kms:" in statement["Action"][0]]
    assert sorted(action for statement in used for action in statement["Action"]) == [
        "kms:Decrypt",
        "kms:GenerateDataKey",
    ]
    for statement in used:
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}
    sending = [
        statement
        for statement in keyed.statements(":RolePolicy", "intake-resize-permissions")
        if statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    ]
    assert [each["Condition"]["StringEquals"]["kms:ViaService"] for each in sending] == [
        "sqs.eu-central-1.amazonaws.com"
    ]


def test_nobody_but_the_scan_touches_tags_and_so_nobody_fakes_or_hides_a_result(gated):
    (statement,) = [
        each
        for each in gated.statements(":BucketPolicy", "intake-originals-policy")
        if each["Sid"] == "OnlyTheScanTags"
    ]
    assert statement == {
        "Sid": "OnlyTheScanTags",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [
            "s3:DeleteObjectTagging",
            "s3:DeleteObjectVersionTagging",
            "s3:PutObjectTagging",
            "s3:PutObjectVersionTagging",
        ],
        "Resource": f"{BUCKET}/*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
    }
    others = gated.statements(":BucketPolicy", "intake-variants-policy")
    assert "OnlyTheScanTags" not in {each["Sid"] for each in others}


def permissions(stack, function):
    """What a role may do, as pairs of an action and the conditions of its statement."""
    return {
        (action, json.dumps(statement.get("Condition")), *statement["Resource"])
        for statement in stack.statements(":RolePolicy", f"intake-{function}-permissions")
        for action in statement["Action"]
    }


def test_the_worker_reads_clean_originals_sees_tags_and_sends_and_that_is_all_that_changes(gated, dev):
    clean = json.dumps({"StringEquals": {f"s3:ExistingObjectTag/{TAG}": CLEAN}})
    queue = "arn:aws:sqs:eu-central-1:123456789012:intake-uploads-0a1b2c3"
    before, after = permissions(dev, "resize"), permissions(gated, "resize")
    assert before - after == {("s3:GetObject", "null", OBJECTS)}
    assert after - before == {
        ("s3:GetObject", clean, OBJECTS),
        ("s3:GetObjectTagging", "null", OBJECTS),
        ("s3:GetObjectVersionTagging", "null", OBJECTS),
        ("sqs:SendMessage", "null", queue),
    }
    assert permissions(gated, "api") == permissions(dev, "api")


def test_the_function_is_told_how_long_a_scan_may_take(registered):
    stack = registered(malwareScan="true", malwareScanMinutes="7")
    variables = stack.one("/function:Function", "intake-resize").inputs["environment"]["variables"]
    assert load(ResizeSettings, variables).malware_scan_seconds == 420


def test_what_is_sent_again_does_not_hide_uploads_that_are_missing(gated, dev):
    def expression(stack):
        alarm = stack.one(":MetricAlarm", "intake-uploads-missing")
        queries = {query["id"]: query for query in alarm.inputs["metricQueries"]}
        return queries["value"]["expression"], queries.get("resent")

    assert expression(dev)[1] is None
    value, resent = expression(gated)
    assert "(arrived - FILL(resent, 0))" in value
    assert resent["metric"]["metricName"] == "Resent"


def test_a_scanned_stack_breaks_no_rule(gated):
    assert violations(gated, production=False) == []


def test_the_worker_may_send_itself_events_as_often_as_a_scan_takes(gated, dev):
    assert dev.all(":FunctionRecursionConfig") == []
    assert gated.one(":FunctionRecursionConfig").inputs == {
        "functionName": "intake-resize-0a1b2c3",
        "recursiveLoop": "Allow",
    }


def test_a_preview_knows_all_of_the_plan_that_does_not_come_from_aws():
    previewed = Registered(
        run_program(ROOT, "dev", PreviewedCloud(), {"image-intake:malwareScan": "true"}, preview=True)
    )
    assert previewed.one(":MalwareProtectionPlan").inputs["actions"] == [
        {"taggings": [{"status": "ENABLED"}]}
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"malwareScanMinutes": "60", "pendingHours": "1"},
            (
                "malwareScanMinutes: 60 is not less than pendingHours 1; the row of an upload would expire "
                "while it waits for its scan."
            ),
        ),
        (
            {"queueAgeAlarmSeconds": str(MAX_WAIT_SECONDS)},
            (
                "queueAgeAlarmSeconds: 300 is not more than 300, the seconds that a message may wait for a "
                "malware scan."
            ),
        ),
    ],
)
def test_waiting_for_scans_fits_the_rest_of_the_configuration(registered, values, sentence):
    with pytest.raises(ConfigError) as refused:
        registered(malwareScan="true", **values)
    assert str(refused.value) == sentence
    assert registered(**values).all(":MalwareProtectionPlan") == []


def test_waiting_that_just_fits_is_accepted(registered):
    stack = registered(
        malwareScan="true",
        malwareScanMinutes="59",
        pendingHours="1",
        queueAgeAlarmSeconds=str(MAX_WAIT_SECONDS + 1),
    )
    assert len(stack.all(":MalwareProtectionPlan")) == 1
