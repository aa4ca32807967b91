"""Distributions are reached over TLS, and reach their origins as themselves."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource
from guardrails.rule import Control, resource_rule

_OVER_TLS: Final = ("https-only", "redirect-to-https")


@resource_rule(
    "distribution-tls-only",
    resource_types.DISTRIBUTION,
    fix="Set viewerProtocolPolicy to redirect-to-https or https-only in every cache behavior.",
    control=Control(ids=("CloudFront.3",)),
)
def tls_only(distribution: Resource) -> Iterator[str]:
    """A distribution serves viewers over TLS only."""
    behaviors = [
        distribution.section("defaultCacheBehavior"),
        *(distribution.props.get("orderedCacheBehaviors") or []),
    ]
    if any(behavior.get("viewerProtocolPolicy") not in _OVER_TLS for behavior in behaviors):
        yield "serves viewers over plain HTTP"


@resource_rule(
    "distribution-signs-requests",
    resource_types.DISTRIBUTION,
    fix="Give the origin an OriginAccessControl, and let in the distribution alone.",
    control=Control(ids=("CloudFront.13", "CloudFront.16")),
)
def signs_requests(distribution: Resource) -> Iterator[str]:
    """A distribution has an access control for each of its origins: nobody else needs to be let in."""
    for origin in distribution.props.get("origins") or []:
        # Its id is not known in a first preview.
        if "originAccessControlId" not in set(origin):
            yield f"does not sign its requests to the origin {origin.get('originId')}"


@resource_rule(
    "distribution-tls-version",
    resource_types.DISTRIBUTION,
    fix="Set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021 or newer.",
    control=Control(ids=("CloudFront.15",)),
)
def tls_version(distribution: Resource) -> Iterator[str]:
    """A distribution with a domain refuses TLS below 1.2; without one, CloudFront decides."""
    certificate = distribution.section("viewerCertificate")
    lowest = str(certificate.get("minimumProtocolVersion"))
    if not certificate.get("cloudfrontDefaultCertificate") and not lowest.startswith(("TLSv1.2", "TLSv1.3")):
        yield "accepts TLS below 1.2"
