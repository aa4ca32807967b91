"""The policy pack that `pulumi preview --policy-pack policies` and `pulumi up` run."""

from pulumi_policy import EnforcementLevel, PolicyPack

from guardrails.pack import policies

PolicyPack(name="image-intake", enforcement_level=EnforcementLevel.MANDATORY, policies=policies())
