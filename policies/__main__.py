"""The policy pack that `pulumi preview --policy-pack policies` and `pulumi up` run."""

from guardrails.pack import policies
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack(name="image-intake", enforcement_level=EnforcementLevel.MANDATORY, policies=policies())
