"""CloudFront: distributions, and the policies and access controls that they are made of.

The emulator answers by a distribution's host name: it asks bucket policies about the distribution, and adds
the headers of its policy. It caches nothing, and does not sign its requests to functions.
"""

from collections.abc import Mapping
from typing import Any, Final

from local.deployer.naming import api_shape, physical_name
from local.deployer.registry import Created, Registration, Target, creates

_EDGE = "the caches of CloudFront: the emulator answers by the distribution's host name, and keeps no answer"
# Where the API does not just capitalise what the provider writes.
_SPELLED: Final = {
    "minTtl": "MinTTL",
    "maxTtl": "MaxTTL",
    "defaultTtl": "DefaultTTL",
    "errorCachingMinTtl": "ErrorCachingMinTTL",
    "httpPort": "HTTPPort",
    "httpsPort": "HTTPSPort",
    "acmCertificateArn": "ACMCertificateArn",
    "sslSupportMethod": "SSLSupportMethod",
    "cloudfrontDefaultCertificate": "CloudFrontDefaultCertificate",
    "isIpv6Enabled": "IsIPV6Enabled",
    "webAclId": "WebACLId",
}


@creates("aws:cloudfront/originAccessControl:OriginAccessControl")
def origin_access_control(target: Target, resource: Registration) -> Created:
    """How a distribution signs its requests to an origin."""
    name = physical_name(resource, limit=64)
    created = target.client("cloudfront").create_origin_access_control(
        OriginAccessControlConfig={
            "Name": name,
            "OriginAccessControlOriginType": resource["originAccessControlOriginType"],
            "SigningBehavior": resource["signingBehavior"],
            "SigningProtocol": resource["signingProtocol"],
        }
    )["OriginAccessControl"]
    return Created(created["Id"], {"name": name})


@creates("aws:cloudfront/cachePolicy:CachePolicy")
def cache_policy(target: Target, resource: Registration) -> Created:
    """What a cache tells requests apart by, and how long it keeps an answer."""
    name = physical_name(resource, limit=128)
    key = api_shape(resource["parametersInCacheKeyAndForwardedToOrigin"])
    members = api_shape(
        resource.members(**{ttl: _SPELLED[ttl] for ttl in ("minTtl", "maxTtl", "defaultTtl")})
    )
    created = target.client("cloudfront").create_cache_policy(
        CachePolicyConfig={"Name": name, **members, "ParametersInCacheKeyAndForwardedToOrigin": key}
    )["CachePolicy"]
    return Created(created["Id"], {"name": name})


@creates("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
def response_headers_policy(target: Target, resource: Registration) -> Created:
    """The headers that answers get at the edge."""
    name = physical_name(resource, limit=128)
    members = api_shape(resource.members("corsConfig", "securityHeadersConfig", "customHeadersConfig"), {})
    created = target.client("cloudfront").create_response_headers_policy(
        ResponseHeadersPolicyConfig={"Name": name, **_counted(members)}
    )["ResponseHeadersPolicy"]
    return Created(created["Id"], {"name": name})


@creates("aws:cloudfront/distribution:Distribution")
def distribution(target: Target, resource: Registration) -> Created:
    """A distribution; its id is its own, and its host name is answered by the emulator."""
    target.leave_out(_EDGE)
    members = api_shape(
        resource.members(
            "aliases",
            "comment",
            "customErrorResponses",
            "defaultCacheBehavior",
            "enabled",
            "httpVersion",
            "origins",
            "viewerCertificate",
            orderedCacheBehaviors="CacheBehaviors",
            isIpv6Enabled="IsIPV6Enabled",
            webAclId="WebACLId",
        ),
        _SPELLED,
    )
    restriction = resource["restrictions"]["geoRestriction"]["restrictionType"]
    config = {
        "CallerReference": resource.name,
        **members,
        "Origins": [_origin(each) for each in members["Origins"]],
        "DefaultCacheBehavior": _behavior(members["DefaultCacheBehavior"]),
        "CacheBehaviors": [_behavior(each) for each in members.get("CacheBehaviors", [])],
        "Restrictions": {"GeoRestriction": {"RestrictionType": restriction, "Quantity": 0}},
    }
    tags = [{"Key": key, "Value": value} for key, value in resource["tags"].items()]
    created = target.client("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": _counted(config), "Tags": {"Items": tags}}
    )["Distribution"]
    return Created(created["Id"], {"arn": created["ARN"], "domainName": created["DomainName"]})


def _origin(origin: dict[str, Any]) -> dict[str, Any]:
    # An origin with an access control is asked for an identity too, of the kind that came before them.
    bucket = {} if "CustomOriginConfig" in origin else {"S3OriginConfig": {"OriginAccessIdentity": ""}}
    return {"Id": origin.pop("OriginId"), **origin, **bucket}


def _behavior(behavior: dict[str, Any]) -> dict[str, Any]:
    methods = {"Items": behavior.pop("AllowedMethods"), "CachedMethods": behavior.pop("CachedMethods")}
    return {**behavior, "AllowedMethods": methods}


def _counted(value: Any) -> Any:
    """A structure as CloudFront has it: a list is its items, and how many there are."""
    if isinstance(value, list):
        return _counted({"Items": value})
    if not isinstance(value, Mapping):
        return value
    counted = {
        key: [_counted(each) for each in member] if key == "Items" else _counted(member)
        for key, member in value.items()
    }
    return {"Quantity": len(value["Items"]), **counted} if "Items" in value else counted
