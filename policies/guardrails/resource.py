"""Resources as rules see them, with or without an engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

_IDENTITIES: Final = ("arn", "streamArn", "url", "bucket", "name", "id")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration.

    `type` is the token (`aws:sqs/queue:Queue`), `props` are camelCase as the provider takes them,
    `references` says for a property the URNs of the resources that its value is made of. In a
    preview, reading a value that is not known yet raises what the engine's SDK raises.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    references: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def section(self, key: str) -> Mapping[str, Any]:
        """A nested object among the properties; empty if there is none."""
        return self.props.get(key) or {}

    def comes_from(self, key: str, other: "Resource") -> bool:
        """Whether the value of property `key` is an output of `other`, or names it literally.

        References decide where there are some: they are known before any value is.
        """
        if references := self.references.get(key):
            return other.urn in references
        value = self.props.get(key)
        return value is not None and any(other.props.get(name) == value for name in _IDENTITIES)


class Stack:
    """All resources of a stack."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self.resources = tuple(resources)

    def all(self, kind: str) -> list[Resource]:
        """The resources of type `kind`."""
        return [resource for resource in self.resources if resource.type == kind]

    def pointing_at(self, target: Resource, kind: str, key: str) -> list[Resource]:
        """The resources of type `kind` whose property `key` comes from `target`."""
        return [resource for resource in self.all(kind) if resource.comes_from(key, target)]

    def pointed_at(self, source: Resource, key: str, kind: str) -> list[Resource]:
        """The resources of type `kind` that property `key` of `source` comes from."""
        return [resource for resource in self.all(kind) if source.comes_from(key, resource)]
