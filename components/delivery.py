"""Permanent URLs of variants: a distribution in front of their bucket and of the delivery function.

/i/{ImageID}/{name}   the function, which redirects to the key that the variant has now
everything else       the bucket, in which only variants are readable
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.key import Key
from components.buckets import VariantsBucket
from components.config.delivery import DeliveryConfig
from components.table import ImageTable
from handlers.contract.permanent_urls import PATTERN
from handlers.contract.settings import DeliverySettings, variables

# Half a GiB starts in about a second; a call takes some milliseconds.
_MEMORY_MIB: Final = 512
_TIMEOUT_SECONDS: Final = 5
_VARIANTS: Final = "variants"
_REDIRECTS: Final = "redirects"
_METHODS: Final = ["GET", "HEAD"]
_YEAR_SECONDS: Final = 365 * 24 * 3600
# The lowest that excludes TLS below 1.2, which a distribution without a domain cannot:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
_TLS: Final = "TLSv1.2_2021"


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """`service` names the pipeline in logs and metrics, `key` encrypts the function."""

    service: str
    key: Key
    variants: VariantsBucket
    table: ImageTable
    config: DeliveryConfig


class Delivery(Component):
    """Serves variants to everyone who knows their image's id, and nothing else to anyone.

    `url` is what permanent URLs start with, `target` the name that a domain's DNS record points to.
    """

    function: PythonFunction
    distribution: aws.cloudfront.Distribution
    url: pulumi.Output[str]
    target: pulumi.Output[str]

    def __init__(self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Delivery", name, opts)
        self.function = self._function(name, args)
        self.distribution = self._distribution(name, args)
        self._let_distribution_call(name)
        args.variants.let_distribution_read(self.distribution.arn)
        self.target = self.distribution.domain_name
        self.url = pulumi.Output.concat("https://", args.config.delivery_domain or self.target)
        self.register_outputs({"url": self.url, "target": self.target})

    def _function(self, name: str, args: DeliveryArgs) -> PythonFunction:
        return PythonFunction(
            name,
            PythonFunctionArgs(
                module="delivery",
                service=args.service,
                key=args.key,
                description="Redirects permanent URLs of variants",
                memory_mib=_MEMORY_MIB,
                timeout_seconds=_TIMEOUT_SECONDS,
                reserved_concurrency=args.config.delivery_reserved_concurrency,
                environment=variables(DeliverySettings, args.config, table_name=args.table.name),
                grants=[args.table.grant_read_public()],
                config=args.config,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _distribution(self, name: str, args: DeliveryArgs) -> aws.cloudfront.Distribution:
        child = pulumi.ResourceOptions(parent=self)
        seconds = args.config.delivery_seconds
        function_url = aws.lambda_.FunctionUrl(
            f"{name}-url", function_name=self.function.name, authorization_type="AWS_IAM", opts=child
        )
        cache = _cache_policy(f"{name}-cache", seconds, child)
        headers = _headers_policy(f"{name}-headers", args.config.cors_origins, child)
        variants: aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict = {
            "target_origin_id": _VARIANTS,
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": _METHODS,
            "cached_methods": _METHODS,
            "cache_policy_id": cache.id,
            "response_headers_policy_id": headers.id,
        }
        redirects: aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict = {
            **variants,
            "path_pattern": PATTERN,
            "target_origin_id": _REDIRECTS,
        }
        return aws.cloudfront.Distribution(
            name,
            comment=args.service,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            aliases=[args.config.delivery_domain] if args.config.delivery_domain else None,
            origins=[
                {
                    "origin_id": _VARIANTS,
                    "domain_name": args.variants.bucket.bucket_regional_domain_name,
                    "origin_access_control_id": _access_control(f"{name}-variants", "s3", child).id,
                },
                {
                    "origin_id": _REDIRECTS,
                    "domain_name": function_url.function_url.apply(lambda url: str(urlsplit(url).hostname)),
                    "origin_access_control_id": _access_control(f"{name}-redirects", "lambda", child).id,
                    "custom_origin_config": {
                        "http_port": 80,
                        "https_port": 443,
                        "origin_protocol_policy": "https-only",
                        "origin_ssl_protocols": ["TLSv1.2"],
                    },
                },
            ],
            default_cache_behavior=variants,
            ordered_cache_behaviors=[redirects],
            # Errors would be cached for ten seconds at least. The function's 404 says for how long; S3's 403,
            # about a key that does not exist, does not.
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
            custom_error_responses=[
                {"error_code": 403, "error_caching_min_ttl": seconds},
                {"error_code": 404, "error_caching_min_ttl": 0},
            ],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate=_viewer_certificate(args.config),
            web_acl_id=args.config.delivery_web_acl or None,
            opts=child,
        )

    def _let_distribution_call(self, name: str) -> None:
        """Let the distribution, and nobody else, call the function, and only by its URL.

        Since October 2025, a function URL needs both permissions.
        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        for kind, action in (("url", "lambda:InvokeFunctionUrl"), ("function", "lambda:InvokeFunction")):
            aws.lambda_.Permission(
                f"{name}-invoke-{kind}",
                action=action,
                function=self.function.name,
                principal="cloudfront.amazonaws.com",
                source_arn=self.distribution.arn,
                function_url_auth_type="AWS_IAM" if kind == "url" else None,
                invoked_via_function_url=True if kind == "function" else None,
                opts=pulumi.ResourceOptions(parent=self),
            )


def _access_control(
    name: str, origin: str, opts: pulumi.ResourceOptions
) -> aws.cloudfront.OriginAccessControl:
    return aws.cloudfront.OriginAccessControl(
        name,
        origin_access_control_origin_type=origin,
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=opts,
    )


def _cache_policy(name: str, seconds: int, opts: pulumi.ResourceOptions) -> aws.cloudfront.CachePolicy:
    """Caches keep nothing for longer than `seconds`, whatever its own headers say: they are for browsers.

    The path alone is the key: no query, header or cookie makes a viewer's request a new one.
    """
    return aws.cloudfront.CachePolicy(
        name,
        min_ttl=0,
        default_ttl=seconds,
        max_ttl=seconds,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "none"},
            "enable_accept_encoding_brotli": False,
            "enable_accept_encoding_gzip": False,
        },
        opts=opts,
    )


def _headers_policy(
    name: str, origins: tuple[str, ...], opts: pulumi.ResourceOptions
) -> aws.cloudfront.ResponseHeadersPolicy:
    """An image is an image, whatever is in it, and pages of `origins` may read its pixels."""
    cors: aws.cloudfront.ResponseHeadersPolicyCorsConfigArgsDict = {
        "access_control_allow_credentials": False,
        "access_control_allow_headers": {"items": ["*"]},
        "access_control_allow_methods": {"items": _METHODS},
        "access_control_allow_origins": {"items": list(origins)},
        "access_control_max_age_sec": 3600,
        "origin_override": True,
    }
    return aws.cloudfront.ResponseHeadersPolicy(
        name,
        cors_config=cors if origins else None,
        security_headers_config={
            "content_security_policy": {
                "content_security_policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
                "override": True,
            },
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": True},
            "referrer_policy": {"referrer_policy": "no-referrer", "override": True},
            "strict_transport_security": {"access_control_max_age_sec": _YEAR_SECONDS, "override": True},
        },
        # Every page may show it, as an <img> needs no permission either.
        custom_headers_config={
            "items": [{"header": "Cross-Origin-Resource-Policy", "value": "cross-origin", "override": True}]
        },
        opts=opts,
    )


def _viewer_certificate(
    config: DeliveryConfig,
) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
    if not config.delivery_domain:
        return {"cloudfront_default_certificate": True}
    return {
        "acm_certificate_arn": config.delivery_certificate,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": _TLS,
    }
