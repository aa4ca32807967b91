"""The bus for events about images, and the queue for those that could not be published."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.base.iam import Grant
from components.base.key import AWS_KEYS, Key
from components.base.private_queue import private_queue, queue_policy
from components.config.webhooks import WebhooksConfig
from components.webhooks import Webhooks, WebhooksArgs

_LETTERS_DAYS = 14  # the longest that SQS keeps anything


@dataclass(frozen=True, kw_only=True)
class ImageEventsArgs:
    """`key` encrypts the events."""

    key: Key
    config: WebhooksConfig


class ImageEvents(Component):
    """An EventBridge bus of this pipeline alone; consumers put rules on it.

    `webhooks` exists if the configuration names endpoints.
    """

    bus: aws.cloudwatch.EventBus
    dead_letters: aws.sqs.Queue
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    dead_letter_arn: pulumi.Output[str]
    webhooks: Webhooks | None = None

    def __init__(self, name: str, args: ImageEventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ImageEvents", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Not under the customer's key: it takes what cannot be encrypted or read when that key is disabled.
        self.dead_letters = private_queue(f"{name}-dlq", AWS_KEYS, retention_days=_LETTERS_DAYS, opts=child)
        self.bus = aws.cloudwatch.EventBus(
            name,
            description="Outcomes of uploaded images",
            kms_key_identifier=args.key.arn,
            dead_letter_config={"arn": self.dead_letters.arn},
            opts=child,
        )
        self.name, self.arn = self.bus.name, self.bus.arn
        self.dead_letter_url, self.dead_letter_arn = self.dead_letters.url, self.dead_letters.arn
        senders = [self._accepts("BusDeadLetters", self.arn)]
        if args.config.webhook_urls:
            webhooks = WebhooksArgs(bus=self.bus, dead_letters=self.dead_letters, config=args.config)
            self.webhooks = Webhooks(f"{name}-webhooks", webhooks, child)
            senders.append(self._accepts("WebhookDeadLetters", self.webhooks.rule.arn))
        queue_policy(f"{name}-dlq-policy", self.dead_letters, senders, child)
        self.register_outputs({"name": self.name, "arn": self.arn, "deadLetterUrl": self.dead_letter_url})

    def grant_put(self) -> Grant:
        """Put events on the bus."""
        return Grant(actions=("events:PutEvents",), resources=(self.arn,), why="publishes outcomes")

    def grant_bury(self) -> Grant:
        """Send what cannot be published to the dead-letter queue."""
        return Grant(
            actions=("sqs:SendMessage",),
            resources=(self.dead_letter_arn,),
            why="keeps what cannot be published",
        )

    def _accepts(self, sid: str, sender: pulumi.Output[str]) -> dict[str, Any]:
        """The statement that lets a bus or a rule send dead letters.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-dlq.html,
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.dead_letter_arn,
            "Condition": {
                "ArnEquals": {"aws:SourceArn": sender},
                "StringEquals": {"aws:SourceAccount": Location.of(self.arn).account},
            },
        }
