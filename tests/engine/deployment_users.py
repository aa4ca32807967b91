"""Users of the emulator with exactly the rights of the documented deployment roles."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import roles
from local.aws_clients import Clients, Credentials
from tests.engine.requirements import ACCOUNT

# Actions of the documented roles that the emulator checks for the resource * (of event buses, for a rule of
# that name), because it does not read the ARN or the condition key out of the request.
CHECKED_FOR_ANY_RESOURCE: Final = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DeleteDashboards",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutDashboard",
    "dynamodb:ListTagsOfResource",
    "events:CreateEventBus",
    "events:DeleteEventBus",
    "events:DescribeEventBus",
    "events:ListTagsForResource",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "sns:ListTagsForResource",
)
# Actions of the documented roles → the names that the emulator has for them.
CALLED_DIFFERENTLY: Final = {
    "lambda:GetEventSourceMapping": "lambda:ListEventSourceMappings",
    "lambda:GetLayerVersion": "lambda:ListLayers",
}


def documented_policies(stack: str, region: str) -> Mapping[str, str]:
    """The policies of docs/roles for a stack of the emulator's account, by their names."""
    unused = dict.fromkeys(("STATE_BUCKET", "STATE_KEY", "STATE_REGION", "SUBJECT"), "unused")
    return roles.rendered({"STACK": stack, "ACCOUNT": ACCOUNT, "REGION": region, **unused})


def exceptions(documents: Sequence[str]) -> dict[str, Any]:
    """The policy that makes up for the emulator: those actions of the documents that it gets wrong."""
    allowed = {
        action
        for document in documents
        for statement in json.loads(document)["Statement"]
        for action in statement["Action"]
    }
    actions = [
        *(action for action in CHECKED_FOR_ANY_RESOURCE if action in allowed),
        *(name for action, name in CALLED_DIFFERENTLY.items() if action in allowed),
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["*"]}],
    }


def create_user(clients: Clients, name: str, documents: Mapping[str, str]) -> Credentials:
    """A user with these policies, by their names, and with what makes up for the emulator."""
    iam = clients.client("iam")
    iam.create_user(UserName=name)
    everything = {**documents, "emulator": json.dumps(exceptions(list(documents.values())))}
    for policy, document in everything.items():
        created = iam.create_policy(PolicyName=f"{name}-{policy}", PolicyDocument=document)
        iam.attach_user_policy(UserName=name, PolicyArn=created["Policy"]["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
