"""Encryption at rest."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import NIST, Control, resource_rule, stack_rule

_ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")


@stack_rule(
    "bucket-encrypted",
    resource_types.BUCKET,
    fix="Give it a BucketServerSideEncryptionConfiguration with AES256 or aws:kms.",
)
def bucket_encrypted(bucket: Resource, stack: Stack) -> Iterator[str]:
    """A bucket states how it encrypts what it stores."""
    configurations = stack.pointing_at(bucket, resource_types.BUCKET_ENCRYPTION, "bucket")
    if not configurations:
        yield "has no server-side encryption configuration"
    for configuration in configurations:
        for each in configuration.props.get("rules") or []:
            default = each.get("applyServerSideEncryptionByDefault") or {}
            if default.get("sseAlgorithm") not in _ALGORITHMS:
                yield "has a server-side encryption configuration without an algorithm"


@resource_rule(
    "queue-encrypted",
    resource_types.QUEUE,
    fix="Set sqsManagedSseEnabled to true, or kmsMasterKeyId to a key.",
    control=Control(ids=("SQS.1",)),
)
def queue_encrypted(queue: Resource) -> Iterator[str]:
    """A queue encrypts its messages at rest."""
    if "kmsMasterKeyId" not in set(queue.props) and not queue.props.get("sqsManagedSseEnabled"):
        yield "does not encrypt its messages"


@resource_rule(
    "topic-encrypted",
    resource_types.TOPIC,
    fix="Set kmsMasterKeyId to a key that the publishing services may use.",
    control=Control(ids=("SNS.1",), standard=NIST),
)
def topic_encrypted(topic: Resource) -> Iterator[str]:
    """A topic encrypts its messages at rest."""
    if "kmsMasterKeyId" not in set(topic.props):
        yield "does not encrypt its messages"


@resource_rule(
    "table-encrypted", resource_types.TABLE, fix="Set serverSideEncryption, enabled with a key or not."
)
def table_encrypted(table: Resource) -> Iterator[str]:
    """A table states whether a KMS key or DynamoDB's own key encrypts it."""
    if "enabled" not in set(table.section("serverSideEncryption")):
        yield "does not state how it is encrypted"


@resource_rule(
    "key-rotated",
    resource_types.KEY,
    fix="Set enableKeyRotation to true.",
    control=Control(ids=("KMS.4",), standard=NIST),
)
def key_rotated(key: Resource) -> Iterator[str]:
    """A key is rotated every year."""
    if not key.props.get("enableKeyRotation"):
        yield "is never rotated"
