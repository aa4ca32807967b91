"""The HTTP API in front of the service, and the function behind it."""

import json
import re
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.authorizer import ANYONE, route_auth
from components.base.component import Component
from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.key import Key
from components.buckets import OriginalsBucket, VariantsBucket
from components.config.api import ApiConfig
from components.quota_table import QuotaTable
from components.table import ImageTable
from handlers.contract import routes
from handlers.contract.settings import ApiSettings, variables

# Strangers who ask for the API's description use up none of its callers' rate, and few executions.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
_DESCRIPTION_RATE: Final = 10
_DESCRIPTION_BURST: Final = 20
# Neither paths nor query strings are logged: they hold file names and signatures.
_ACCESS_LOG: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "sourceIp": "$context.identity.sourceIp",
    "responseBytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "integrationMilliseconds": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
    "error": "$context.error.message",
}


@dataclass(frozen=True, kw_only=True)
class ImageApiArgs:
    """`service` names the pipeline in logs and metrics, `key` encrypts the function and the logs.

    Announcements are counted in `quotas`.
    """

    service: str
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    quotas: QuotaTable
    config: ApiConfig


class ImageApi(Component):
    """Announces uploads, accepts small images directly, and reports the outcome of each.

    Its `domain` exists if the configuration names one.
    """

    api: aws.apigatewayv2.Api
    function: PythonFunction
    access_log: aws.cloudwatch.LogGroup
    url: pulumi.Output[str]
    domain: aws.apigatewayv2.DomainName | None = None

    def __init__(self, name: str, args: ImageApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ImageApi", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.function = PythonFunction(
            name,
            PythonFunctionArgs(
                module="api",
                service=args.service,
                key=args.key,
                description="Answers the image API",
                memory_mib=args.config.api_memory_mib,
                timeout_seconds=args.config.api_timeout_seconds,
                reserved_concurrency=args.config.api_reserved_concurrency,
                environment=variables(
                    ApiSettings,
                    args.config,
                    originals_bucket=args.originals.name,
                    variants_bucket=args.variants.name,
                    table_name=args.table.name,
                    quota_table_name=args.quotas.name,
                    kms_key_arn="" if args.key.arn is None else args.key.arn,
                    # They may be outputs.
                    admin_principals=pulumi.Output.json_dumps(list(args.config.admin_principals)),
                ),
                grants=[
                    args.originals.grant_put(),
                    args.originals.grant_delete(),
                    args.variants.grant_get(),
                    args.variants.grant_delete(),
                    args.table.grant_announce(),
                    args.table.grant_list(),
                    args.quotas.grant_count(),
                    args.quotas.grant_read(),
                ],
                config=args.config,
            ),
            child,
        )
        self.api = aws.apigatewayv2.Api(
            f"{name}-http",
            protocol_type="HTTP",
            cors_configuration=_cors(args.config.cors_origins) if args.config.cors_origins else None,
            opts=child,
        )
        self.url = self.api.api_endpoint
        stage = self._stage(name, args, self._routes(name, args))
        if args.config.api_domain:
            self.domain = self._domain(name, args.config, stage)
        aws.lambda_.Permission(
            f"{name}-invoke",
            action="lambda:InvokeFunction",
            function=self.function.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self.api.execution_arn, "/*/*"),
            opts=child,
        )
        self.register_outputs({"url": self.url})

    def _routes(self, name: str, args: ImageApiArgs) -> list[aws.apigatewayv2.Route]:
        child = pulumi.ResourceOptions(parent=self)
        integration = aws.apigatewayv2.Integration(
            f"{name}-function",
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.function.invoke_arn,
            payload_format_version="2.0",
            # One second more than the function: its own timeout is the one that is reported.
            timeout_milliseconds=(args.config.api_timeout_seconds + 1) * 1000,
            opts=child,
        )
        auth = route_auth(name, self.api, args.config, child)
        registered = []
        for route in [*routes.ROUTES, *([routes.GET_PAGE] if args.config.page else [])]:
            allowed = ANYONE if route in routes.PUBLIC else auth
            registered.append(
                aws.apigatewayv2.Route(
                    f"{name}-{_slug(route)}",
                    api_id=self.api.id,
                    route_key=route,
                    target=pulumi.Output.concat("integrations/", integration.id),
                    authorization_type=allowed.type,
                    authorizer_id=allowed.authorizer_id,
                    opts=child,
                )
            )
        return registered

    def _domain(
        self, name: str, config: ApiConfig, stage: aws.apigatewayv2.Stage
    ) -> aws.apigatewayv2.DomainName:
        child = pulumi.ResourceOptions(parent=self)
        domain = aws.apigatewayv2.DomainName(
            f"{name}-domain",
            domain_name=config.api_domain,
            # HTTP APIs know no other type and no other version of TLS.
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
            domain_name_configuration={
                "certificate_arn": config.api_certificate,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            opts=child,
        )
        aws.apigatewayv2.ApiMapping(
            f"{name}-domain-api",
            api_id=self.api.id,
            domain_name=domain.id,
            stage=stage.name,
            opts=child,
        )
        return domain

    def _stage(
        self, name: str, args: ImageApiArgs, registered: list[aws.apigatewayv2.Route]
    ) -> aws.apigatewayv2.Stage:
        self.access_log = aws.cloudwatch.LogGroup(
            f"{name}-access-log",
            # Log delivery needs no statement in the account's resource policy for groups below this
            # prefix, a policy that may be full.
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
            name_prefix=f"/aws/vendedlogs/{args.service}-access-log-",
            retention_in_days=args.config.log_retention_days,
            kms_key_id=args.key.arn,
            # Groups of earlier versions have no prefix, and another one would be another group.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["namePrefix"]),
        )
        return aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=self.api.id,
            name="$default",
            auto_deploy=True,
            access_log_settings={
                "destination_arn": self.access_log.arn,
                "format": json.dumps(_ACCESS_LOG, separators=(",", ":")),
            },
            default_route_settings={
                "detailed_metrics_enabled": True,
                "throttling_rate_limit": args.config.api_rate_limit,
                "throttling_burst_limit": args.config.api_burst_limit,
            },
            route_settings=[
                {
                    "route_key": routes.GET_OPENAPI,
                    "detailed_metrics_enabled": True,
                    "throttling_rate_limit": min(_DESCRIPTION_RATE, args.config.api_rate_limit),
                    "throttling_burst_limit": min(_DESCRIPTION_BURST, args.config.api_burst_limit),
                }
            ],
            # A route that does not exist has no settings.
            opts=pulumi.ResourceOptions(parent=self, depends_on=registered),
        )


def _slug(route: str) -> str:
    return "-".join(re.findall("[a-z0-9]+", route, re.IGNORECASE)).lower()


def _cors(origins: tuple[str, ...]) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict:
    return {
        "allow_origins": list(origins),
        "allow_methods": sorted({route.split()[0] for route in routes.ROUTES}),
        "allow_headers": [
            "authorization",
            "content-type",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-security-token",
        ],
        "expose_headers": ["retry-after"],
        "max_age": 3600,
    }
