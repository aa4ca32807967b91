"""Encryption at rest."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import NIST, Control, Rule

_ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")


def bucket_encrypted(bucket: Resource, stack: Stack) -> Iterator[str]:
    """A bucket says how it encrypts."""
    configurations = stack.pointing_at(bucket, resource_types.BUCKET_ENCRYPTION, "bucket")
    if not configurations:
        yield "has no server-side encryption configuration"
    for configuration in configurations:
        for rule in configuration.props.get("rules") or []:
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            if default.get("sseAlgorithm") not in _ALGORITHMS:
                yield "has a server-side encryption configuration without an algorithm"


def queue_encrypted(queue: Resource, _: Stack) -> Iterator[str]:
    """A queue encrypts its messages, with SQS's key or one of KMS."""
    if "kmsMasterKeyId" not in set(queue.props) and not queue.props.get("sqsManagedSseEnabled"):
        yield "does not encrypt its messages"


def topic_encrypted(topic: Resource, _: Stack) -> Iterator[str]:
    """A topic encrypts its messages with a key of KMS; SNS has no other way."""
    if "kmsMasterKeyId" not in set(topic.props):
        yield "does not encrypt its messages"


def table_encrypted(table: Resource, _: Stack) -> Iterator[str]:
    """A table is encrypted with a key in the account, whose use can be audited."""
    if not table.section("serverSideEncryption").get("enabled"):
        yield "is encrypted with a key that is not in this account"


def key_rotated(key: Resource, _: Stack) -> Iterator[str]:
    """A key gets new material every year; KMS keeps the old, so that nothing is encrypted anew."""
    if not key.props.get("enableKeyRotation"):
        yield "is never rotated"


RULES: Final = (
    Rule(
        name="bucket-encrypted",
        what="A bucket states how it encrypts what it stores.",
        mend="Give it a BucketServerSideEncryptionConfiguration with AES256 or aws:kms.",
        types=(resource_types.BUCKET,),
        check=bucket_encrypted,
        looks_around=True,
    ),
    Rule(
        name="queue-encrypted",
        what="A queue encrypts its messages at rest.",
        mend="Set sqsManagedSseEnabled to true, or kmsMasterKeyId to a key.",
        types=(resource_types.QUEUE,),
        check=queue_encrypted,
        control=Control(ids=("SQS.1",)),
    ),
    Rule(
        name="topic-encrypted",
        what="A topic encrypts its messages at rest.",
        mend="Set kmsMasterKeyId to a key that the publishing services may use.",
        types=(resource_types.TOPIC,),
        check=topic_encrypted,
        control=Control(ids=("SNS.1",), standard=NIST),
    ),
    Rule(
        name="table-encrypted",
        what="A table is encrypted with a key in the account.",
        mend="Set serverSideEncryption.enabled to true.",
        types=(resource_types.TABLE,),
        check=table_encrypted,
    ),
    Rule(
        name="key-rotated",
        what="A key is rotated every year.",
        mend="Set enableKeyRotation to true.",
        types=(resource_types.KEY,),
        check=key_rotated,
        control=Control(ids=("KMS.4",), standard=NIST),
    ),
)
