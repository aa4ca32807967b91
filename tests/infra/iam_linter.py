"""Every IAM policy document, and what parliament says about it.

https://github.com/duo-labs/parliament
"""

import json
import warnings
from typing import NamedTuple

with warnings.catch_warnings():
    # It imports pkg_resources and leaves closing its files to the garbage collector.
    warnings.simplefilter("ignore")
    import parliament


class Document(NamedTuple):
    """A policy document: where it stands, and its JSON text."""

    type: str
    name: str
    key: str
    text: str


def documents(stack):
    """Every policy document that the program registers."""
    return [
        Document(resource.type, resource.name, key, value)
        for resource in stack.deployment.resources
        for key, value in resource.inputs.items()
        if isinstance(value, str) and _is_policy(value)
    ]


def _is_policy(text):
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and "Statement" in document


def findings(text):
    """What the linter says of a document: pairs of an issue and its detail."""
    policy = parliament.analyze_policy_string(
        text, ignore_private_auditors=True, include_community_auditors=True
    )
    return [(finding.issue, str(finding.detail)) for finding in policy.findings]
