"""Registrations for tests of rules: short to write, with ARNs as AWS would give them."""

import json

from guardrails import Resource, resource_types

URN = "urn:pulumi:test::shop::{type}::{name}"


def resource(kind, name, /, *, protect=False, references=None, **props):
    """A registration; `references` names other registrations by property."""
    return Resource(
        type=kind,
        name=name,
        urn=URN.format(type=kind, name=name),
        props=props,
        protect=protect,
        references={key: tuple(target.urn for target in found) for key, found in (references or {}).items()},
    )


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, on="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def deny_plain_text(actions, **more):
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **more,
    }


PHOTOS = resource(resource_types.BUCKET, "photos", bucket="photos", arn="arn:aws:s3:::photos")
JOBS = resource(
    resource_types.QUEUE, "jobs", url="https://queue/jobs", arn="arn:aws:sqs:eu-west-1:111122223333:jobs"
)
NEWS = resource(resource_types.TOPIC, "news", arn="arn:aws:sns:eu-west-1:111122223333:news")
ROLE = resource(
    resource_types.ROLE, "worker-role", name="worker-role", arn="arn:aws:iam::111122223333:role/worker"
)
WORKER = resource(
    resource_types.FUNCTION,
    "worker",
    name="worker",
    arn="arn:aws:lambda:eu-west-1:111122223333:function:worker",
    role=ROLE.props["arn"],
    timeout=10,
)
CONSUMES = resource(
    resource_types.MAPPING,
    "consumes",
    eventSourceArn=JOBS.props["arn"],
    functionName=WORKER.props["arn"],
    maximumBatchingWindowInSeconds=5,
    functionResponseTypes=["ReportBatchItemFailures"],
)


def but(original, /, *, without=(), **props):
    """The registration with some properties different or gone."""
    kept = {key: value for key, value in original.props.items() if key not in without}
    return resource(original.type, original.name, protect=original.protect, **{**kept, **props})
