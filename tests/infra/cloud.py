"""A cloud that is only remembered: what the program registers, and how tests look at it."""

import json
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.mocks import Mocks

from local.stack import Deployment, Resource

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
REGION = "eu-central-1"

_ARNS = {
    "aws:cloudtrail/trail:Trail": "arn:aws:cloudtrail:{region}:{account}:trail/{name}",
    "aws:cloudwatch/eventBus:EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:dynamodb/table:Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:lambda/layerVersion:LayerVersion": "arn:aws:lambda:{region}:{account}:layer:{name}:1",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
}


class FakeCloud(Mocks):
    """Creates everything at once, named as Pulumi's auto-naming would: `{logical name}-0a1b2c3`."""

    def call(self, args):
        raise AssertionError(f"the program invokes {args.token}; it is to do without")

    def new_resource(self, args):
        name = args.inputs.get("name") or args.inputs.get("alarmName") or f"{args.name}-0a1b2c3"
        outputs = {**args.inputs, "name": name}
        if args.typ in _ARNS:
            outputs["arn"] = _ARNS[args.typ].format(region=REGION, account=ACCOUNT, name=name)
        if args.typ == "aws:s3/bucket:Bucket":
            outputs["bucket"] = name
        if args.typ == "aws:dynamodb/table:Table":
            outputs["streamArn"] = f"{outputs['arn']}/stream/2026-01-01T00:00:00.000"
        if args.typ == "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        if args.typ == "aws:lambda/function:Function":
            path = f"2015-03-31/functions/{outputs['arn']}/invocations"
            outputs["invokeArn"] = f"arn:aws:apigateway:{REGION}:lambda:path/{path}"
        if args.typ == "aws:apigatewayv2/api:Api":
            outputs["apiEndpoint"] = f"https://{args.name}.execute-api.{REGION}.amazonaws.com"
            outputs["executionArn"] = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{args.name}"
        return f"{args.name}-id" if args.custom else "", outputs


class PreviewedCloud(Mocks):
    """Creates nothing, so that outputs of the provider are unknown, as in a first preview."""

    def call(self, args):
        raise AssertionError(f"the program invokes {args.token}; it is to do without")

    def new_resource(self, args):
        return "", dict(args.inputs)


@dataclass(frozen=True)
class Registered:
    """A deployment, with ways to find what is in it."""

    deployment: Deployment

    def all(self, kind: str) -> list[Resource]:
        """Resources whose type ends with `kind`, for example `:Bucket`, by name."""
        found = [resource for resource in self.deployment.resources if resource.type.endswith(kind)]
        return sorted(found, key=lambda resource: resource.name)

    def one(self, kind: str, name: str | None = None) -> Resource:
        """The only resource of `kind`, or the one called `name`."""
        found = [resource for resource in self.all(kind) if name in (None, resource.name)]
        assert len(found) == 1, f"{len(found)} resources of {kind} called {name}"
        return found[0]

    def statements(self, kind: str, name: str) -> list[dict]:
        """The statements of the policy document that a resource carries."""
        document = json.loads(self.one(kind, name).inputs["policy"])
        assert document["Version"] == "2012-10-17"
        return document["Statement"]
