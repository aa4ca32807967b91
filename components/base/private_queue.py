"""What every queue of a pipeline has in common."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.iam import policy_document, tls_only
from components.base.key import Key

_DAY_SECONDS: Final = 86_400


def private_queue(
    name: str, key: Key, *, retention_days: int, opts: pulumi.ResourceOptions, **more: Any
) -> aws.sqs.Queue:
    """An encrypted queue; `more` are further inputs of it."""
    return aws.sqs.Queue(
        name,
        message_retention_seconds=retention_days * _DAY_SECONDS,
        kms_master_key_id=key.arn,
        # SQS has its own key for queues that name none, and takes only one of the two inputs.
        sqs_managed_sse_enabled=True if key.arn is None else None,
        opts=opts,
        **more,
    )


def queue_policy(
    name: str,
    queue: aws.sqs.Queue,
    senders: Sequence[Mapping[str, Any]],
    opts: pulumi.ResourceOptions,
) -> aws.sqs.QueuePolicy:
    """Who may send to a queue without a role that lets them, and that all speak TLS."""
    return aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=policy_document([*senders, tls_only("sqs:*", [queue.arn])]),
        opts=opts,
    )
