"""The queues between S3 and the resize function: the buffer that every spike goes into.

There is one for each lane, so that a spike in the bulk lane delays nothing in the express lane.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.base.iam import Grant
from components.base.key import Key
from components.base.private_queue import private_queue, queue_policy
from components.buckets import OriginalsBucket
from components.config.queue import QueueConfig
from handlers.contract import keys
from handlers.contract.keys import Lane

_LONG_POLL_SECONDS: Final = 20

# Lifecycle expiry (s3:LifecycleExpiration:*) is left out: expired originals keep their variants.
_EVENTS: Final = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


@dataclass(frozen=True, kw_only=True)
class UploadQueuesArgs:
    """`originals` is the bucket whose events arrive here, the only sender the queues accept.

    `key` encrypts the messages.
    """

    originals: OriginalsBucket
    key: Key
    config: QueueConfig


class UploadQueues(Component):
    """S3 events of the originals bucket, a queue per lane, with one dead-letter queue for those that
    keep failing.

    The queue of the express lane is there even if the lane is off, since it may still hold messages
    from before; S3 then notifies the bulk queue of both prefixes.
    """

    bulk: aws.sqs.Queue
    express: aws.sqs.Queue
    dead_letters: aws.sqs.Queue
    notification: aws.s3.BucketNotification

    def __init__(self, name: str, args: UploadQueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("UploadQueues", name, opts, formerly=["UploadQueue"])
        child = pulumi.ResourceOptions(parent=self)
        self._key = args.key
        self._express_lane = args.config.express_lane
        self.dead_letters = private_queue(
            f"{name}-dlq", args.key, retention_days=args.config.dead_letter_retention_days, opts=child
        )
        self.bulk = self._queue(name, args)
        self.express = self._queue(f"{name}-express", args)
        queues = (self.bulk, self.express)
        aws.sqs.RedriveAllowPolicy(
            f"{name}-dlq-sources",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn for queue in queues]},
                sort_keys=True,
            ),
            opts=child,
        )
        queue_policy(f"{name}-dlq-policy", self.dead_letters, [], child)
        policies = [
            queue_policy(f"{each}-policy", queue, [_accepts(args.originals, queue)], child)
            for each, queue in ((name, self.bulk), (f"{name}-express", self.express))
        ]
        self.notification = aws.s3.BucketNotification(
            f"{name}-events",
            bucket=args.originals.name,
            # EventBridge notifies the scan of new objects, and a bucket has one such setting.
            eventbridge=args.originals.is_scanned or None,
            queues=[
                {
                    "id": prefix.removesuffix("/"),
                    "queue_arn": self.of(lane).arn,
                    "events": _EVENTS,
                    "filter_prefix": prefix,
                }
                for lane, prefix in keys.ORIGINALS_PREFIXES.items()
            ],
            # S3 sends a test message at once, and refuses the notification if it may not.
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.register_outputs(
            {
                "url": self.bulk.url,
                "expressUrl": self.express.url,
                "deadLetterUrl": self.dead_letters.url,
            }
        )

    def of(self, lane: Lane) -> aws.sqs.Queue:
        """The queue that is notified of a lane's originals."""
        return self.express if lane == "express" and self._express_lane else self.bulk

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
            resources=(self.bulk.arn, self.express.arn),
            why="consumes the queues",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
            needs=self._key.use("sqs", "kms:Decrypt"),
        )

    def grant_send(self) -> Grant:
        """Send messages."""
        return Grant(
            actions=("sqs:SendMessage",),
            resources=(self.bulk.arn, self.express.arn),
            why="has originals wait for their scan",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
            needs=self._key.use("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
        )

    def _queue(self, name: str, args: UploadQueuesArgs) -> aws.sqs.Queue:
        return private_queue(
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
            opts=pulumi.ResourceOptions(parent=self),
        )


def _accepts(originals: OriginalsBucket, queue: aws.sqs.Queue) -> dict[str, object]:
    return {
        "Sid": "OriginalsNotifyQueue",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": originals.arn},
            # A bucket's name can pass to another account once it is deleted; its ARN names no account.
            "StringEquals": {"aws:SourceAccount": Location.of(queue.arn).account},
        },
    }
