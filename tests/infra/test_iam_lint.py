import json

import pytest

from tests.infra.linting import documents, findings

BUCKET = "arn:aws:s3:::photos"
# Where a finding is meant, it stands here with the reason: property, issue, detail.
JUSTIFIED = {
    # A trust policy is attached to the one resource it is about, and IAM refuses a Resource in it.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    ("assumeRolePolicy", "MALFORMED", "Statement contains neither Resource nor NotResource"),
}


def statement(action, resource=BUCKET, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_the_linter_has_nothing_to_say_about_any_policy(stack):
    unjustified = {
        (name, issue, detail)
        for name, document in documents(stack).items()
        for issue, detail in findings(document)
        if (name.rpartition(".")[2], issue, detail) not in JUSTIFIED
    }
    assert unjustified == set()


def test_every_justification_is_still_needed(stack):
    said = {
        (name.rpartition(".")[2], *finding)
        for name, document in documents(stack).items()
        for finding in findings(document)
    }
    assert said >= JUSTIFIED


def test_the_policies_of_roles_buckets_and_queues_are_among_those_linted(stack):
    assert documents(stack).keys() >= {
        "intake-resize-role.assumeRolePolicy",
        "intake-api-role.assumeRolePolicy",
        "intake-resize-permissions.policy",
        "intake-api-permissions.policy",
        "intake-originals-policy.policy",
        "intake-variants-policy.policy",
        "intake-uploads-policy.policy",
        "intake-uploads-dlq-policy.policy",
    }


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
