import json

import pytest

from tests.infra.iam_linter import documents, findings

BUCKET = "arn:aws:s3:::photos"
# Where a finding is meant, it stands here with the reason: type of the resource, property, issue.
JUSTIFIED = {
    # A trust policy is attached to the one resource it is about, and IAM refuses a Resource in it.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    ("aws:iam/role:Role", "assumeRolePolicy", "MALFORMED"),
    # In a key policy "*" means this key, and the account's root must be able to change it.
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    ("aws:kms/key:Key", "policy", "RESOURCE_STAR"),
    ("aws:kms/key:Key", "policy", "PERMISSIONS_MANAGEMENT_ACTIONS"),
    ("aws:kms/keyPolicy:KeyPolicy", "policy", "RESOURCE_STAR"),
    ("aws:kms/keyPolicy:KeyPolicy", "policy", "PERMISSIONS_MANAGEMENT_ACTIONS"),
}


def statement(action, resource=BUCKET, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def unjustified(stack):
    return [
        (document.name, issue, detail)
        for document in documents(stack)
        for issue, detail in findings(document.text)
        if (document.type, document.key, issue) not in JUSTIFIED
    ]


def test_the_linter_has_nothing_to_say_about_any_policy(stack):
    assert unjustified(stack) == []


def test_the_linter_has_nothing_to_say_about_a_stack_with_a_key(registered):
    keyed = registered(kmsKey="create")
    assert "intake-key-policy" in {document.name for document in documents(keyed)}
    assert unjustified(keyed) == []


def test_the_linter_has_nothing_to_say_about_a_stack_that_has_originals_scanned(registered):
    scanned = registered(malwareScan="true")
    assert "intake-scan-permissions" in {document.name for document in documents(scanned)}
    assert unjustified(scanned) == []


def test_a_trust_policy_is_only_said_to_lack_a_resource(stack):
    for document in documents(stack):
        if document.key == "assumeRolePolicy":
            said = findings(document.text)
            assert said == [("MALFORMED", "Statement contains neither Resource nor NotResource")]


def test_the_policies_of_roles_buckets_and_queues_are_among_those_linted(stack):
    assert {f"{document.name}.{document.key}" for document in documents(stack)} >= {
        "intake-resize-role.assumeRolePolicy",
        "intake-api-role.assumeRolePolicy",
        "intake-resize-permissions.policy",
        "intake-api-permissions.policy",
        "intake-originals-policy.policy",
        "intake-variants-policy.policy",
        "intake-uploads-policy.policy",
        "intake-uploads-dlq-policy.policy",
    }


def test_the_linter_has_nothing_to_say_about_who_writes_audit_logs(registered):
    audited = registered(accessLogs="true", dataEvents="true")
    (document,) = [found for found in documents(audited) if found.name == "intake-audit-logs-policy"]
    assert findings(document.text) == []


@pytest.mark.parametrize(
    ("wrong", "issue"),
    [
        (statement("s3:GetObjekt"), "UNKNOWN_ACTION"),
        (statement("s3:GetObject", BUCKET), "RESOURCE_MISMATCH"),
        (statement("s3:GetObject", "*"), "RESOURCE_STAR"),
        (
            statement("s3:ListBucket", Condition={"StringEquals": {"s3:colour": "red"}}),
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        (statement("s3:ListBucket", Condition={"StringEqualz": {"a": "b"}}), "UNKNOWN_OPERATOR"),
        (statement("iam:CreateAccessKey", "*"), "CREDENTIALS_EXPOSURE"),
        (statement(["iam:CreatePolicyVersion"], "*"), "PRIVILEGE_ESCALATION"),
    ],
)
def test_the_linter_sees_what_it_is_there_for(wrong, issue):
    document = json.dumps({"Version": "2012-10-17", "Statement": [wrong]})
    assert issue in {found for found, _ in findings(document)}
