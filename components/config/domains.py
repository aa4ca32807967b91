"""Domains and their certificates, which stacks name in pairs."""

import re
from collections.abc import Iterator

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[0-9a-f-]+")


def certificate_conflicts(prefix: str, domain: str, certificate: str, *, region: str = "") -> Iterator[str]:
    """What is wrong with the settings `{prefix}Domain` and `{prefix}Certificate`; both may be empty.

    A certificate has to be in `region`, where one is given.
    """
    if domain and (len(domain) > 253 or not _DOMAIN.fullmatch(domain)):
        yield f"{prefix}Domain: {domain!r} is not a domain such as images.example.com, in lower case."
    found = _CERTIFICATE.fullmatch(certificate)
    if certificate and not found:
        yield f"{prefix}Certificate: {certificate!r} is not the ARN of a certificate of ACM."
    if found and region and found[1] != region:
        yield f"{prefix}Certificate: {certificate!r} is in {found[1]}, and has to be in {region}."
    if bool(domain) != bool(certificate):
        given, missing = ("Domain", "Certificate") if domain else ("Certificate", "Domain")
        yield f"{prefix}{given} is set but {prefix}{missing} is not; a domain needs its certificate."
