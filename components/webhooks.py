"""Webhooks: the events of a bus, sent to HTTPS endpoints."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.iam import Grant, policy_document, trust_document
from components.config.webhooks import WebhooksConfig
from handlers.contract.event_source import SOURCE

HEADER: Final = "x-image-intake-secret"
"""The header that holds the secret."""

# The most that EventBridge does: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRY_SECONDS: Final = 24 * 3600
_RETRIES: Final = 185
# What exceeds it waits, and counts as retries after a while.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
_CALLS_A_SECOND: Final = 300


@dataclass(frozen=True, kw_only=True)
class WebhooksArgs:
    """What an endpoint does not accept goes from `bus` to `dead_letters`."""

    bus: aws.cloudwatch.EventBus
    dead_letters: aws.sqs.Queue
    config: WebhooksConfig


class Webhooks(Component):
    """Posts every outcome and deletion to each endpoint, with a secret in a header, for a day."""

    rule: aws.cloudwatch.EventRule
    connection: aws.cloudwatch.EventConnection

    def __init__(self, name: str, args: WebhooksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Webhooks", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.rule = aws.cloudwatch.EventRule(
            name,
            description="Events for webhooks",
            event_bus_name=args.bus.name,
            event_pattern=json.dumps({"source": [SOURCE]}),
            opts=child,
        )
        # EventBridge keeps the secret in Secrets Manager, under AWS's key.
        self.connection = aws.cloudwatch.EventConnection(
            f"{name}-secret",
            description="The header of webhooks",
            authorization_type="API_KEY",
            auth_parameters={
                "api_key": {"key": HEADER, "value": pulumi.Output.secret(args.config.webhook_secret)}
            },
            opts=child,
        )
        destinations = {
            _short(url): aws.cloudwatch.EventApiDestination(
                f"{name}-{_short(url)}",
                connection_arn=self.connection.arn,
                http_method="POST",
                # It may hold the key to its door.
                invocation_endpoint=pulumi.Output.secret(url),
                invocation_rate_limit_per_second=_CALLS_A_SECOND,
                opts=child,
            )
            for url in args.config.webhook_urls
        }
        role, permissions = self._role(name, list(destinations.values()), args)
        for short, destination in destinations.items():
            aws.cloudwatch.EventTarget(
                f"{name}-{short}-target",
                rule=self.rule.name,
                event_bus_name=args.bus.name,
                arn=destination.arn,
                role_arn=role.arn,
                dead_letter_config={"arn": args.dead_letters.arn},
                retry_policy={
                    "maximum_event_age_in_seconds": _RETRY_SECONDS,
                    "maximum_retry_attempts": _RETRIES,
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
            )
        self.register_outputs({"ruleArn": self.rule.arn})

    def _role(
        self, name: str, destinations: list[aws.cloudwatch.EventApiDestination], args: WebhooksArgs
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        """The role that the rule calls the endpoints with.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
        """
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust_document("events.amazonaws.com"),
            permissions_boundary=args.config.permissions_boundary or None,
            opts=child,
        )
        call = Grant(
            actions=("events:InvokeApiDestination",),
            resources=tuple(destination.arn for destination in destinations),
            why="posts events to webhooks",
        )
        permissions = aws.iam.RolePolicy(
            f"{name}-permissions", role=role.name, policy=policy_document(call.statements()), opts=child
        )
        return role, permissions


def _short(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:8]
