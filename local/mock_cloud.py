"""A cloud that creates nothing, for evaluations of the program without an engine."""

from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

ACCOUNT = "123456789012"
REGION = "eu-central-1"
_ARNS = {
    "aws:cloudfront/distribution:Distribution": "arn:aws:cloudfront::{account}:distribution/{name}",
    "aws:cloudtrail/trail:Trail": "arn:aws:cloudtrail:{region}:{account}:trail/{name}",
    "aws:cloudwatch/eventBus:EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{bus}/{name}",
    "aws:cloudwatch/eventConnection:EventConnection": (
        "arn:aws:events:{region}:{account}:connection/{name}/UUID"
    ),
    "aws:cloudwatch/eventApiDestination:EventApiDestination": (
        "arn:aws:events:{region}:{account}:api-destination/{name}/UUID"
    ),
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": (
        "arn:aws:logs:us-east-1:{account}:delivery-destination:{name}"
    ),
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

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], None]:
        """Refuse: the program reads nothing about its surroundings."""
        raise AssertionError(f"the program invokes {args.token}; it is to do without")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """The id of a resource, and its inputs with the outputs that the program reads."""
        name = args.inputs.get("name") or args.inputs.get("alarmName") or f"{args.name}-0a1b2c3"
        outputs = {**args.inputs, "name": name}
        if args.typ in _ARNS:
            outputs["arn"] = _ARNS[args.typ].format(
                region=REGION, account=ACCOUNT, name=name, bus=args.inputs.get("eventBusName")
            )
        if args.typ == "aws:s3/bucket:Bucket":
            outputs["bucket"] = name
            outputs["bucketRegionalDomainName"] = f"{name}.s3.{REGION}.amazonaws.com"
        if args.typ == "aws:dynamodb/table:Table":
            outputs["streamArn"] = f"{outputs['arn']}/stream/2026-01-01T00:00:00.000"
        if args.typ == "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        if args.typ == "aws:lambda/function:Function":
            path = f"2015-03-31/functions/{outputs['arn']}/invocations"
            outputs["invokeArn"] = f"arn:aws:apigateway:{REGION}:lambda:path/{path}"
        if args.typ == "aws:lambda/functionUrl:FunctionUrl":
            outputs["functionUrl"] = f"https://{args.name}.lambda-url.{REGION}.on.aws/"
        if args.typ == "aws:cloudfront/distribution:Distribution":
            outputs["domainName"] = f"{args.name}.cloudfront.net"
        if args.typ == "aws:apigatewayv2/domainName:DomainName":
            target = f"{args.name}.execute-api.{REGION}.amazonaws.com"
            outputs["domainNameConfiguration"] = {
                **args.inputs["domainNameConfiguration"],
                "targetDomainName": target,
            }
        if args.typ == "aws:apigatewayv2/api:Api":
            outputs["apiEndpoint"] = f"https://{args.name}.execute-api.{REGION}.amazonaws.com"
            outputs["executionArn"] = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{args.name}"
        return f"{args.name}-id" if args.custom else "", outputs
