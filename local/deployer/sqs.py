"""SQS queues and their policies."""

from typing import Any

from local.deployer.naming import physical_name
from local.deployer.registry import Created, Registration, Target, creates
from local.deployer.resource_policies import without_tls_only


@creates("aws:sqs/queue:Queue")
def queue(target: Target, resource: Registration) -> Created:
    """A queue; its id is its URL."""
    name = physical_name(resource, limit=80)
    members = resource.members(
        "delaySeconds",
        "kmsMasterKeyId",
        "redrivePolicy",
        "sqsManagedSseEnabled",
        maxMessageSize="MaximumMessageSize",
        messageRetentionSeconds="MessageRetentionPeriod",
        receiveWaitTimeSeconds="ReceiveMessageWaitTimeSeconds",
        visibilityTimeoutSeconds="VisibilityTimeout",
    )
    attributes = {name: _text(value) for name, value in members.items()}
    url = target.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=resource["tags"])[
        "QueueUrl"
    ]
    if "policy" in resource.inputs:
        _put_policy(target, url, resource["policy"])
    return Created(url, {"name": name, "url": url, "arn": target.arn("sqs", name)})


@creates("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(target: Target, resource: Registration) -> Created:
    """Who may send to the queue, besides the roles that IAM lets."""
    _put_policy(target, resource["queueUrl"], resource["policy"])
    return Created(resource["queueUrl"])


@creates("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def redrive_allow_policy(target: Target, resource: Registration) -> Created:
    """The queues that may use this one as their dead-letter queue."""
    url = resource["queueUrl"]
    target.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=resource.members("redriveAllowPolicy"))
    return Created(url)


def _put_policy(target: Target, url: str, policy: str) -> None:
    kept = without_tls_only(target, policy)
    if kept:
        target.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": kept})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
