"""Every IAM policy document, and what parliament says about it.

https://github.com/duo-labs/parliament
"""

import json
import warnings

with warnings.catch_warnings():
    # It imports pkg_resources and leaves closing its files to the garbage collector.
    warnings.simplefilter("ignore")
    import parliament


def documents(stack):
    """Every policy document that the program registers: `resource.property` → JSON text."""
    found = {}
    for resource in stack.deployment.resources:
        for key, value in resource.inputs.items():
            if isinstance(value, str) and value.startswith("{") and "Statement" in json.loads(value):
                found[f"{resource.name}.{key}"] = value
    return found


def findings(document):
    """What the linter says: pairs of an issue and its detail."""
    policy = parliament.analyze_policy_string(
        document, ignore_private_auditors=True, include_community_auditors=True
    )
    return [(finding.issue, str(finding.detail)) for finding in policy.findings]
