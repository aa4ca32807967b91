"""SQS queues and their policies."""

from typing import Any

from local.deployer.naming import physical_name
from local.deployer.registry import Created, Resource, Target, creates
from local.deployer.resource_policies import without_tls_only

# The provider's inputs and the queue attributes they set.
_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


@creates("aws:sqs/queue:Queue")
def queue(target: Target, resource: Resource) -> Created:
    """A queue; its id is its URL."""
    name = physical_name(resource, limit=80)
    attributes = {
        attribute: _text(resource[key]) for key, attribute in _ATTRIBUTES.items() if key in resource.inputs
    }
    url = target.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=resource["tags"])[
        "QueueUrl"
    ]
    if "policy" in resource.inputs:
        _put_policy(target, url, resource["policy"])
    return Created(url, {"name": name, "url": url, "arn": target.arn("sqs", name)})


@creates("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(target: Target, resource: Resource) -> Created:
    """Who may send to the queue, besides the roles that IAM lets."""
    _put_policy(target, resource["queueUrl"], resource["policy"])
    return Created(resource["queueUrl"])


@creates("aws:sqs/redrivePolicy:RedrivePolicy")
def redrive_policy(target: Target, resource: Resource) -> Created:
    """Where messages go after their last receive."""
    return _attribute(target, resource, "RedrivePolicy", "redrivePolicy")


@creates("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def redrive_allow_policy(target: Target, resource: Resource) -> Created:
    """Which queues may use this one as their dead-letter queue."""
    return _attribute(target, resource, "RedriveAllowPolicy", "redriveAllowPolicy")


def _attribute(target: Target, resource: Resource, attribute: str, key: str) -> Created:
    target.client("sqs").set_queue_attributes(
        QueueUrl=resource["queueUrl"], Attributes={attribute: resource[key]}
    )
    return Created(resource["queueUrl"])


def _put_policy(target: Target, url: str, policy: str) -> None:
    kept = without_tls_only(target, policy)
    if kept:
        target.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": kept})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
