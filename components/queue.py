"""The queue between S3 and the resize function: the buffer that every spike goes into."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.iam import Grant
from components.base.key import Key
from components.base.private_queue import private_queue, queue_policy
from components.buckets import OriginalsBucket
from components.config.queue import QueueConfig
from handlers.contract import keys

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
    config: QueueConfig


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
        super().__init__("image-intake:index:UploadQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._key = args.key
        self.dead_letters = private_queue(
            f"{name}-dlq", args.key, retention_days=args.config.dead_letter_retention_days, opts=child
        )
        self.queue = private_queue(
            name,
            args.key,
            retention_days=args.config.queue_retention_days,
            visibility_timeout_seconds=args.config.visibility_timeout_seconds,
            receive_wait_time_seconds=_LONG_POLL_SECONDS,
            redrive_policy=pulumi.Output.json_dumps(
                {
                    "deadLetterTargetArn": self.dead_letters.arn,
                    "maxReceiveCount": args.config.max_receive_count,
                },
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
        queue_policy(f"{name}-dlq-policy", self.dead_letters, [], child)
        policy = queue_policy(f"{name}-policy", self.queue, [self._accepts(args.originals)], child)
        self.notification = aws.s3.BucketNotification(
            f"{name}-events",
            bucket=args.originals.name,
            # EventBridge notifies the scan of new objects, and a bucket has one such setting.
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
            "Sid": "OriginalsNotifyQueue",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {
                "ArnEquals": {"aws:SourceArn": originals.arn},
                # A bucket's name can pass to another account once it is deleted; its ARN names no account.
                "StringEquals": {"aws:SourceAccount": Location.of(self.arn).account},
            },
        }
