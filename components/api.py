"""The HTTP API in front of the service, and the function behind it."""

import json
import re
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.authorizer import RouteAuth, route_auth
from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.key import Key
from components.buckets import OriginalsBucket, VariantsBucket
from components.quota_table import QuotaTable
from components.table import ImageTable
from handlers.contract import routes
from handlers.contract.settings import ApiSettings, variables

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
    """`service` names the pipeline in logs and metrics, `key` encrypts what is stored. `auth` is `iam`,
    `jwt` or `none`; issuer and audience are those of `jwt`, administrators those of `iam`. `page`
    serves the page to everyone. The rate is in requests per second, the burst in requests. A principal
    announces at most `uploads_per_hour` images in an hour, counted in `quotas`. With a
    `reserved_concurrency` of 0 the function shares the account's unreserved concurrency.
    """

    service: str
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    quotas: QuotaTable
    uploads_per_hour: int
    auth: str
    jwt_issuer: str
    jwt_audience: tuple[str, ...]
    admin_principals: tuple[str, ...]
    page: bool
    cors_origins: tuple[str, ...]
    rate_limit: int
    burst_limit: int
    max_upload_bytes: int
    pending_seconds: int
    url_seconds: int
    memory_mib: int
    timeout_seconds: int
    reserved_concurrency: int
    log_level: str
    log_retention_days: int


class ImageApi(pulumi.ComponentResource):
    """Announces uploads, takes small images itself, and answers what became of them."""

    api: aws.apigatewayv2.Api
    function: PythonFunction
    access_log: aws.cloudwatch.LogGroup
    url: pulumi.Output[str]

    def __init__(self, name: str, args: ImageApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:index:ImageApi", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.function = PythonFunction(
            name,
            PythonFunctionArgs(
                module="api",
                service=args.service,
                key=args.key,
                description="Answers the image API",
                memory_mib=args.memory_mib,
                timeout_seconds=args.timeout_seconds,
                reserved_concurrency=args.reserved_concurrency,
                environment=_environment(args),
                grants=[
                    args.originals.grant_put(),
                    args.originals.grant_delete(),
                    args.variants.grant_get(),
                    args.variants.grant_delete(),
                    args.table.grant_announce(),
                    args.table.grant_list(),
                    args.quotas.grant_count(),
                ],
                log_level=args.log_level,
                log_retention_days=args.log_retention_days,
            ),
            child,
        )
        self.api = aws.apigatewayv2.Api(
            f"{name}-http",
            protocol_type="HTTP",
            cors_configuration=_cors(args.cors_origins) if args.cors_origins else None,
            opts=child,
        )
        self.url = self.api.api_endpoint
        self._routes(name, args)
        self._stage(name, args)
        aws.lambda_.Permission(
            f"{name}-invoke",
            action="lambda:InvokeFunction",
            function=self.function.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self.api.execution_arn, "/*/*"),
            opts=child,
        )
        self.register_outputs({"url": self.url})

    def _routes(self, name: str, args: ImageApiArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        integration = aws.apigatewayv2.Integration(
            f"{name}-function",
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.function.invoke_arn,
            payload_format_version="2.0",
            # One second more than the function: its own timeout is the one that is reported.
            timeout_milliseconds=(args.timeout_seconds + 1) * 1000,
            opts=child,
        )
        auth: RouteAuth = route_auth(
            name, self.api, args.auth, issuer=args.jwt_issuer, audience=args.jwt_audience, opts=child
        )
        guarded = [(route, auth) for route in routes.ROUTES]
        # The page holds no data; what it then asks for passes the other routes.
        public = [(routes.GET_PAGE, RouteAuth(type="NONE", authorizer_id=None))] if args.page else []
        for route, allowed in [*guarded, *public]:
            aws.apigatewayv2.Route(
                f"{name}-{_slug(route)}",
                api_id=self.api.id,
                route_key=route,
                target=pulumi.Output.concat("integrations/", integration.id),
                authorization_type=allowed.type,
                authorizer_id=allowed.authorizer_id,
                opts=child,
            )

    def _stage(self, name: str, args: ImageApiArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        self.access_log = aws.cloudwatch.LogGroup(
            f"{name}-access-log",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key.arn,
            opts=child,
        )
        aws.apigatewayv2.Stage(
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
                "throttling_rate_limit": args.rate_limit,
                "throttling_burst_limit": args.burst_limit,
            },
            opts=child,
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


def _environment(args: ImageApiArgs) -> dict[str, pulumi.Input[str]]:
    return variables(
        ApiSettings,
        {
            "originals_bucket": args.originals.name,
            "variants_bucket": args.variants.name,
            "table_name": args.table.name,
            "quota_table_name": args.quotas.name,
            "uploads_per_hour": args.uploads_per_hour,
            "max_upload_bytes": args.max_upload_bytes,
            "pending_seconds": args.pending_seconds,
            "url_seconds": args.url_seconds,
            "auth": args.auth,
            "admin_principals": args.admin_principals,
            "kms_key_arn": "" if args.key.arn is None else args.key.arn,
        },
    )
