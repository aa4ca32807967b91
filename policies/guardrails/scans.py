"""What a malware scan says is its own to say, and it goes on hearing of new objects."""

from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.documents import Statement, everyone, listed, statements
from guardrails.resource import Resource, Stack
from guardrails.rule import Rule

_TAGGING: Final = {
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
}
_UNLESS: Final = ("ArnNotEquals", "ArnNotLike", "StringNotEquals")


def tags_protected(plan: Resource, stack: Stack) -> Iterator[str]:
    """Nobody but who scans may set or remove the tags of scanned objects.

    https://docs.aws.amazon.com/guardduty/latest/ug/tag-based-access-s3-malware-protection.html
    """
    for bucket in _scanned(plan, stack):
        denied = {
            action
            for policy in stack.pointing_at(bucket, tokens.BUCKET_POLICY, "bucket")
            for statement in statements(policy.props.get("policy"))
            if _denies_others(statement)
            for action in listed(statement.get("Action"))
        }
        if missing := sorted(_TAGGING - denied):
            yield f"tags objects of {bucket.name}, where others may do {', '.join(missing)}"


def keeps_hearing(plan: Resource, stack: Stack) -> Iterator[str]:
    """What the program says of a bucket's notifications includes what the scan needs."""
    for bucket in _scanned(plan, stack):
        for notification in stack.pointing_at(bucket, tokens.BUCKET_NOTIFICATION, "bucket"):
            if notification.props.get("eventbridge") is not True:
                yield f"hears of {bucket.name} by EventBridge, which {notification.name} switches off"


def _scanned(plan: Resource, stack: Stack) -> list[Resource]:
    if found := stack.pointed_at(plan, "protectedResource", tokens.BUCKET):
        return found
    scanned = plan.section("protectedResource").get("s3Bucket") or {}
    return [
        each for each in stack.all(tokens.BUCKET) if each.props.get("bucket") == scanned.get("bucketName")
    ]


def _denies_others(statement: Statement) -> bool:
    condition: Any = statement.get("Condition") or {}
    (operator, keys) = next(iter(condition.items())) if len(condition) == 1 else ("", {})
    return (
        statement.get("Effect") == "Deny"
        and everyone(statement)
        and operator in _UNLESS
        and list(keys) == ["aws:PrincipalArn"]
    )


RULES: Final = (
    Rule(
        name="scan-result-protected",
        what="Nobody but the malware scan of a bucket sets or removes tags of its objects.",
        mend="Deny the four tagging actions to everyone but the plan's role in the bucket's policy.",
        types=(tokens.SCAN_PLAN,),
        check=tags_protected,
        looks_around=True,
    ),
    Rule(
        name="scan-keeps-hearing",
        what="A bucket with a malware scan has its events sent to EventBridge.",
        mend="Set eventbridge to true in its BucketNotification.",
        types=(tokens.SCAN_PLAN,),
        check=keeps_hearing,
        looks_around=True,
    ),
)
