"""Which function creates which resource type, and what such a function is given."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from local.aws_clients import Clients


class DeploymentError(Exception):
    """The emulator does not hold what the program registered; the message names the resource."""


class Created(NamedTuple):
    """What the AWS provider would answer: the resource's id and the outputs besides its inputs."""

    id: str
    outputs: Mapping[str, Any] = {}


class Inputs(Mapping[str, Any]):
    """Inputs of a resource that know which of them were looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._looked_at: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self._looked_at.add(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def overlooked(self) -> list[str]:
        """The inputs that were not read."""
        return sorted(set(self._values) - self._looked_at)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One registration: type token, logical name, and camelCase inputs without unset ones.

    `tags` are always there, with the provider's defaults among them.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """The value of a required input."""
        return self.inputs[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of an optional input."""
        return self.inputs.get(key, default)

    def members(self, *keys: str, **spelled: str) -> dict[str, Any]:
        """The optional inputs that are set, as the API spells them: in PascalCase, or as given by key."""
        names = {key: key[:1].upper() + key[1:] for key in keys} | spelled
        return {name: self.inputs[key] for key, name in names.items() if key in self.inputs}

    def pass_over(self, *keys: str) -> None:
        """Say of inputs that they make no difference in the emulator."""
        for key in keys:
            self.get(key)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where resources are created: the emulator, as its root user.

    `default_tags` are the provider's; `notes` collects, each once, what the emulator cannot hold
    and the deployment therefore leaves out.
    """

    clients: Clients
    default_tags: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def client(self, service: str, region: str = "") -> Any:
        """The boto3 client of a service, in the region of the stack or in another."""
        return self.clients.client(service, region=region)

    @property
    def region(self) -> str:
        """The region of the stack."""
        return self.clients.region

    @cached_property
    def account(self) -> str:
        """The emulator's account id."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def leave_out(self, note: str) -> None:
        """Say, once a deployment, that something of the program is not applied here, and why."""
        if note not in self.notes:
            self.notes.append(note)


Creator = Callable[[Target, Registration], Created]

CREATORS: dict[str, Creator] = {}


def creates(type_token: str) -> Callable[[Creator], Creator]:
    """Register the function that creates resources of a type, for example `aws:sqs/queue:Queue`."""

    def register(creator: Creator) -> Creator:
        CREATORS[type_token] = creator
        return creator

    return register
