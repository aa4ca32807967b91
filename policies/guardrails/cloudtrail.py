"""Who reads and writes data is recorded, and no record causes another for ever."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, resource_rule, stack_rule

_WRITES_TO: Final = {resource_types.BUCKET_LOGGING: "targetBucket", resource_types.TRAIL: "s3BucketName"}
"""What records access to buckets, and the property that says into which bucket."""


@stack_rule(
    "production-bucket-logged",
    resource_types.BUCKET,
    fix="Set `accessLogs: true` in the stack's configuration, or give it a BucketLogging.",
    control=Control(ids=("S3.9",)),
    production=True,
)
def logged(bucket: Resource, stack: Stack) -> Iterator[str]:
    """A bucket logs who reads and writes it, unless it is where such logs go."""
    if any(stack.pointing_at(bucket, kind, key) for kind, key in _WRITES_TO.items()):
        return
    if not stack.pointing_at(bucket, resource_types.BUCKET_LOGGING, "bucket"):
        yield "does not log who reads and writes it"


@resource_rule(
    "trail-validated",
    resource_types.TRAIL,
    fix="Set enableLogFileValidation to true.",
    control=Control(ids=("CloudTrail.4",)),
)
def validated(trail: Resource) -> Iterator[str]:
    """A trail lets everyone check that its log files are complete and unchanged."""
    if not trail.props.get("enableLogFileValidation"):
        yield "delivers logs whose modification would go unnoticed"


@stack_rule(
    "logs-never-recurse",
    resource_types.BUCKET_LOGGING,
    resource_types.TRAIL,
    fix="Write to a bucket whose own use is not recorded.",
)
def endless(recorder: Resource, stack: Stack) -> Iterator[str]:
    """Writing a log of a bucket's use causes no entry in the same log."""
    for bucket in _recorded(recorder, stack):
        if bucket in _written_in_turn(bucket, stack):
            yield f"records what is written to {bucket.name}, which that record is written to in turn"


def _written_in_turn(bucket: Resource, stack: Stack) -> list[Resource]:
    """The buckets that are written to because that one is."""
    reached: list[Resource] = []
    pending = [bucket]
    while pending:
        recorded = pending.pop()
        for kind, key in _WRITES_TO.items():
            for recorder in stack.all(kind):
                if recorded in _recorded(recorder, stack):
                    found = stack.pointed_at(recorder, key, resource_types.BUCKET)
                    pending += [each for each in found if each not in reached]
                    reached += found
    return reached


def _recorded(recorder: Resource, stack: Stack) -> list[Resource]:
    """The buckets whose use a bucket's logging, or a trail, records."""
    if recorder.type == resource_types.BUCKET_LOGGING:
        return stack.pointed_at(recorder, "bucket", resource_types.BUCKET)
    beginnings = [*_advanced(recorder.props), *_basic(recorder.props)]
    return [bucket for bucket in stack.all(resource_types.BUCKET) if _touches(bucket, beginnings)]


def _touches(bucket: Resource, beginnings: list[str]) -> bool:
    objects = f"{bucket.props['arn']}/"
    return any(objects.startswith(beginning) or beginning.startswith(objects) for beginning in beginnings)


def _advanced(trail: Mapping[str, Any]) -> Iterator[str]:
    """How the ARNs of the objects begin that a trail's advanced event selectors select."""
    for selector in trail.get("advancedEventSelectors") or []:
        fields = {field["field"]: field for field in selector["fieldSelectors"]}
        if "AWS::S3::Object" in fields.get("resources.type", {}).get("equals", []):
            arns = fields.get("resources.ARN", {})
            yield from [*arns.get("equals", []), *arns.get("startsWiths", [])] or [""]


def _basic(trail: Mapping[str, Any]) -> Iterator[str]:
    """The same of its event selectors."""
    for selector in trail.get("eventSelectors") or []:
        for data in selector.get("dataResources") or []:
            if data["type"] == "AWS::S3::Object":
                yield from data["values"]
