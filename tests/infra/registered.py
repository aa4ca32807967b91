"""A cloud that is only remembered: what the program registers, and how tests look at it."""

import json
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.mocks import Mocks

from local.program import Deployment, RegisteredResource

ROOT = Path(__file__).resolve().parents[2]


class PreviewedCloud(Mocks):
    """Creates nothing, so that outputs of the provider are unknown, as in a first preview."""

    def call(self, args):
        raise AssertionError(f"the program invokes {args.token}; it is to do without")

    def new_resource(self, args):
        return "", dict(args.inputs)


@dataclass(frozen=True)
class Registered:
    """A deployment, with ways to find what is in it."""

    deployment: Deployment

    def all(self, kind: str) -> list[RegisteredResource]:
        """Resources whose type ends with `kind`, for example `:Bucket`, by name."""
        found = [resource for resource in self.deployment.resources if resource.type.endswith(kind)]
        return sorted(found, key=lambda resource: resource.name)

    def one(self, kind: str, name: str | None = None) -> RegisteredResource:
        """The only resource of `kind`, or the one called `name`."""
        found = [resource for resource in self.all(kind) if name in (None, resource.name)]
        assert len(found) == 1, f"{len(found)} resources of {kind} called {name}"
        return found[0]

    def statements(self, kind: str, name: str) -> list[dict]:
        """The statements of the policy document that a resource carries."""
        document = json.loads(self.one(kind, name).inputs["policy"])
        assert document["Version"] == "2012-10-17"
        return document["Statement"]
