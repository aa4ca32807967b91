"""Permanent, public URLs of variants: how long caches keep them, and the domain that they are at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components.config.api import ApiConfig
from components.config.bounds import Between
from components.config.domains import certificate_conflicts

# Web ACLs and certificates of CloudFront are in this region, wherever the stack is.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_REGION = "us-east-1"
_WEB_ACL = re.compile(
    rf"arn:aws[a-z-]*:wafv2:{_REGION}:[0-9]{{12}}:global/webacl/[A-Za-z0-9_-]+/[0-9a-f-]{{36}}"
)


@dataclass(frozen=True, kw_only=True)
class DeliveryConfig(ApiConfig):
    """With `delivery`, whoever knows an image's id sees its variants. Domain, certificate and web ACL are
    those of the distribution, or empty; the pages that may read its images are those of `corsOrigins`. With
    a `delivery_reserved_concurrency` of 0 the function shares the account's unreserved concurrency.
    """

    delivery: bool
    delivery_seconds: Annotated[int, Between(1, 86_400)]
    delivery_domain: str
    delivery_certificate: str
    delivery_web_acl: str
    delivery_reserved_concurrency: Annotated[int, Between(0, 10_000)]

    def conflicts(self) -> Iterator[str]:
        """Settings of a distribution that there is not, or of one that AWS would refuse."""
        yield from certificate_conflicts(
            "delivery", self.delivery_domain, self.delivery_certificate, region=_REGION
        )
        acl = self.delivery_web_acl
        if acl and not _WEB_ACL.fullmatch(acl):
            yield (
                f"deliveryWebAcl: {acl!r} is not the ARN of a web ACL for CloudFront, such as "
                f"arn:aws:wafv2:{_REGION}:111122223333:global/webacl/NAME/ID."
            )
        if not self.delivery:
            given = {"deliveryDomain": self.delivery_domain, "deliveryWebAcl": acl}
            for key, value in given.items():
                if value:
                    yield f"{key} is set but delivery is false; it is only used with delivery true."
