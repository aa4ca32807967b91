"""Two users of a deployed stack: one who uploads and one who operates it.

Each has the rights of its role and no others, as AWS accounts of a real stack would.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.aws_clients import Credentials
from local.deployer import Target


@dataclass(frozen=True, kw_only=True)
class StackNames:
    """The names of what the users may touch."""

    api_id: str
    buckets: Sequence[str]
    table: str
    quotas: str
    queues: Sequence[str]
    bus: str
    functions: Sequence[str]
    log_groups: Sequence[str]


def create_uploader(target: Target, stack: StackNames) -> Credentials:
    """A user who may call the API, and nothing else."""
    return _user(target, "uploader", [_call_api(target, stack)])


def operator_arn(target: Target) -> str:
    """Who the operator is to IAM."""
    return f"arn:aws:iam::{target.account}:user/operator"


def create_operator(target: Target, stack: StackNames) -> Credentials:
    """A user who may look at everything the stack holds, correct it, and drain its queues."""
    return _user(target, "operator", _operate(target, stack))


def update_operator(target: Target, stack: StackNames) -> None:
    """Give the operator the rights to what a stack consists of now."""
    _let(target, "operator", _operate(target, stack))


def _operate(target: Target, stack: StackNames) -> list[dict[str, Any]]:
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in stack.buckets]
    table = target.arn("dynamodb", f"table/{stack.table}")
    return [
        _call_api(target, stack),
        _allow(
            buckets,
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:GetBucketLocation",
            "s3:GetBucketNotification",
        ),
        _allow(
            [f"{bucket}/*" for bucket in buckets],
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
        ),
        _allow(
            [table, f"{table}/index/*"],
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ),
        _allow(
            [target.arn("dynamodb", f"table/{stack.quotas}")],
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ),
        _allow(
            [target.arn("sqs", queue) for queue in stack.queues],
            "sqs:GetQueueUrl",
            "sqs:GetQueueAttributes",
            "sqs:SendMessage",
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            # To AWS these two are included in those without `Batch`, to the emulator they are not.
            "sqs:SendMessageBatch",
            "sqs:ChangeMessageVisibilityBatch",
            "sqs:DeleteMessage",
            "sqs:StartMessageMoveTask",
            "sqs:ListMessageMoveTasks",
            "sqs:CancelMessageMoveTask",
        ),
        _allow([target.arn("events", f"event-bus/{stack.bus}")], "events:PutEvents"),
        _allow(
            [target.arn("lambda", f"function:{function}") for function in stack.functions],
            "lambda:GetFunctionConfiguration",
        ),
        _allow(
            [
                target.arn("logs", f"log-group:{group}{suffix}")
                for group in stack.log_groups
                # AWS names a group with `:*` where its streams are meant, the emulator does not.
                for suffix in ("", ":*")
            ],
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
        ),
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        # knows no finer grain for metrics than all of them.
        _allow(["*"], "cloudwatch:GetMetricData"),
    ]


def _call_api(target: Target, stack: StackNames) -> dict[str, Any]:
    return _allow([target.arn("execute-api", f"{stack.api_id}/*")], "execute-api:Invoke")


def _allow(resources: Sequence[str], *actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _user(target: Target, name: str, statements: Sequence[dict[str, Any]]) -> Credentials:
    iam = target.client("iam")
    iam.create_user(UserName=name)
    _let(target, name, statements)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def _let(target: Target, name: str, statements: Sequence[dict[str, Any]]) -> None:
    target.client("iam").put_user_policy(
        UserName=name,
        PolicyName=name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
