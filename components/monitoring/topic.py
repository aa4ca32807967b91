"""Where alarms go: one encrypted topic, and who is subscribed to it."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.base.iam import policy_document, tls_only, trust_document
from components.base.retention import kept
from components.config.alarms import AlarmConfig

_ALARMS: Final = "cloudwatch.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class AlarmTopicArgs:
    """`service` names the Slack channel's configuration."""

    service: str
    location: Location
    config: AlarmConfig


class AlarmTopic(Component):
    """Takes messages of this account's alarms only, over TLS."""

    topic: aws.sns.Topic
    key: aws.kms.Key
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AlarmTopic", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        # AWS's own key for SNS does not let alarms publish, and its policy cannot be changed:
        # https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
        self.key = aws.kms.Key(
            f"{name}-key",
            description="Encrypts alarm messages on their way",
            enable_key_rotation=True,
            policy=policy_document([_administration(args.location), _use(args.location)]),
            opts=kept(self, protect=args.config.protect),
        )
        self.topic = aws.sns.Topic(name, kms_master_key_id=self.key.arn, opts=child)
        self.arn = self.topic.arn
        publish = {**_only_alarms(args.location), "Sid": "AlarmsPublish", "Action": "sns:Publish"}
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=self.arn,
            policy=policy_document([{**publish, "Resource": self.arn}, tls_only("sns:Publish", [self.arn])]),
            opts=child,
        )
        for protocol, endpoints in (("email", args.config.alarm_emails), ("https", args.config.alarm_urls)):
            for endpoint in endpoints:
                aws.sns.TopicSubscription(
                    f"{name}-{protocol}-{_short(endpoint)}",
                    topic=self.arn,
                    protocol=protocol,
                    # A pager's URL holds the key to its door.
                    endpoint=pulumi.Output.secret(endpoint) if protocol == "https" else endpoint,
                    endpoint_auto_confirms=True if protocol == "https" else None,
                    opts=child,
                )
        if args.config.alarm_slack_channel:
            self._tell_slack(name, args)
        self.register_outputs({"arn": self.arn})

    def _tell_slack(self, name: str, args: AlarmTopicArgs) -> None:
        """Let Amazon Q Developer in chat applications write to a channel.

        A role is required, but alarm messages need none of its rights: it has none, and the
        guardrail sees to it that none can be used from the channel.
        https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
        """
        child = pulumi.ResourceOptions(parent=self)
        workspace, _, channel = args.config.alarm_slack_channel.partition("/")
        role = aws.iam.Role(
            f"{name}-slack-role",
            assume_role_policy=trust_document("chatbot.amazonaws.com"),
            permissions_boundary=args.config.permissions_boundary or None,
            opts=child,
        )
        aws.chatbot.SlackChannelConfiguration(
            f"{name}-slack",
            configuration_name=args.service,
            slack_team_id=workspace,
            slack_channel_id=channel,
            iam_role_arn=role.arn,
            guardrail_policy_arns=[
                pulumi.Output.format("arn:{0}:iam::aws:policy/AWSDenyAll", args.location.partition)
            ],
            sns_topic_arns=[self.arn],
            opts=child,
        )


def _only_alarms(location: Location) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": _ALARMS},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": location.account},
            "ArnLike": {"aws:SourceArn": location.arn("cloudwatch", "alarm:*")},
        },
    }


def _use(location: Location) -> dict[str, Any]:
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    # In a key's policy, the resource * is the key.
    actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
    return {**_only_alarms(location), "Sid": "AlarmsEncrypt", "Action": actions, "Resource": "*"}


def _administration(location: Location) -> dict[str, Any]:
    # Without it the key could never be changed again:
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    return {
        "Sid": "AccountAdministers",
        "Effect": "Allow",
        "Principal": {"AWS": location.root()},
        "Action": "kms:*",
        "Resource": "*",
    }


def _short(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()[:8]
