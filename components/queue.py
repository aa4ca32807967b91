"""The queue between S3 and the resize function: the buffer that every spike goes into."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.buckets import OriginalsBucket
from components.iam import Grant, policy_document, tls_only
from components.key import Key
from components.place import Place
from handlers import keys

_DAY_SECONDS = 86_400
_LONG_POLL_SECONDS = 20

# Lifecycle expiry (s3:LifecycleExpiration:*) is left out: expired originals keep their variants.
_EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


@dataclass(frozen=True, kw_only=True)
class UploadQueueArgs:
    """`originals` is the bucket whose events arrive here, the only sender the queue accepts.

    `key` encrypts the messages.
    """

    originals: OriginalsBucket
    key: Key
    visibility_timeout_seconds: int
    max_receive_count: int
    retention_days: int
    dead_letter_retention_days: int


class UploadQueue(pulumi.ComponentResource):
    """S3 events of the originals bucket, with a dead-letter queue for those that keep failing."""

    queue: aws.sqs.Queue
    dead_letters: aws.sqs.Queue
    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    dead_letter_arn: pulumi.Output[str]
    notification: aws.s3.BucketNotification

    def __init__(self, name: str, args: UploadQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:components:UploadQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._key = args.key
        # SQS has a key of its own for whoever names none, and takes only one of the two inputs.
        sqs_key = True if args.key.arn is None else None
        self.dead_letters = aws.sqs.Queue(
            f"{name}-dlq",
            message_retention_seconds=args.dead_letter_retention_days * _DAY_SECONDS,
            kms_master_key_id=args.key.arn,
            sqs_managed_sse_enabled=sqs_key,
            opts=child,
        )
        self.queue = aws.sqs.Queue(
            name,
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            message_retention_seconds=args.retention_days * _DAY_SECONDS,
            receive_wait_time_seconds=_LONG_POLL_SECONDS,
            kms_master_key_id=args.key.arn,
            sqs_managed_sse_enabled=sqs_key,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": args.max_receive_count},
                sort_keys=True,
            ),
            opts=child,
        )
        self.url, self.arn = self.queue.url, self.queue.arn
        self.dead_letter_url, self.dead_letter_arn = self.dead_letters.url, self.dead_letters.arn
        aws.sqs.RedriveAllowPolicy(
            f"{name}-dlq-sources",
            queue_url=self.dead_letter_url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.arn]}, sort_keys=True
            ),
            opts=child,
        )
        aws.sqs.QueuePolicy(
            f"{name}-dlq-policy",
            queue_url=self.dead_letter_url,
            policy=policy_document([tls_only("sqs:*", [self.dead_letter_arn])]),
            opts=child,
        )
        policy = aws.sqs.QueuePolicy(
            f"{name}-policy",
            queue_url=self.url,
            policy=policy_document([self._accepts(args.originals), tls_only("sqs:*", [self.arn])]),
            opts=child,
        )
        self.notification = aws.s3.BucketNotification(
            f"{name}-events",
            bucket=args.originals.name,
            # The scan hears of new objects by EventBridge, and a bucket has one such setting.
            eventbridge=args.originals.is_scanned or None,
            queues=[
                {
                    "id": "uploads",
                    "queue_arn": self.arn,
                    "events": _EVENTS,
                    "filter_prefix": keys.ORIGINALS_PREFIX,
                }
            ],
            # S3 sends a test message at once, and refuses the notification if it may not.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({"url": self.url, "arn": self.arn, "deadLetterUrl": self.dead_letter_url})

    def grant_consume(self) -> Grant:
        """Receive and delete messages, and put off those that failed."""
        actions = (
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        )
        return Grant(
            actions=actions,
            resources=(self.arn,),
            why="consumes the queue",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
            needs=self._key.use("sqs", "kms:Decrypt"),
        )

    def grant_send(self) -> Grant:
        """Send messages."""
        return Grant(
            actions=("sqs:SendMessage",),
            resources=(self.arn,),
            why="has originals wait for their scan",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
            needs=self._key.use("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
        )

    def _accepts(self, originals: OriginalsBucket) -> dict[str, object]:
        return {
            "Sid": "EventsOfOriginals",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {
                "ArnEquals": {"aws:SourceArn": originals.arn},
                # A bucket's name can pass to another account once it is deleted; its ARN names no account.
                "StringEquals": {"aws:SourceAccount": Place.of(self.arn).account},
            },
        }
