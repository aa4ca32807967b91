"""The Pulumi side: a monitor whose resources are really created."""

import logging
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from local.deployer.registry import CREATORS, DeploymentError, Inputs, Registration, Target


class Deployer(Mocks):
    """Creates every resource that a program registers in `target`.

    Registrations arrive in several threads at once, in the order of their dependencies.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        logging.getLogger("asyncio").addFilter(_is_news)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create one resource; answer its id and its inputs and outputs.

        Raises DeploymentError for a type without a creator, for any failure of a creator, and for
        inputs that it does not look at: nothing of the program is dropped without a word.
        """
        if not args.custom:
            return "", dict(args.inputs)
        if args.typ.startswith("pulumi:providers:"):
            return args.name, dict(args.inputs)
        given = plain(args.inputs)
        inputs = Inputs({**given, "tags": {**self.target.default_tags, **given.get("tags", {})}})
        resource = Registration(type=args.typ, name=args.name, inputs=inputs)
        creator = CREATORS.get(args.typ)
        if creator is None:
            raise DeploymentError(
                f"the local deployment cannot create {args.typ} ('{args.name}'): "
                f"write a function that does to {_module_for(args.typ)}"
            )
        try:
            created = creator(self.target, resource)
        except Exception as error:
            raise DeploymentError(f"{args.typ} '{args.name}' was not created: {error}") from error
        overlooked = [key for key in inputs.overlooked() if key != "tags" or key in given]
        if overlooked:
            raise DeploymentError(
                f"{args.typ} '{args.name}' was created without its {', '.join(overlooked)}: "
                f"apply that in {_module_for(args.typ)}"
            )
        return created.id, {**without_assets(given), **created.outputs}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Refuse to answer a provider function: the program needs none."""
        raise DeploymentError(f"the local deployment cannot answer {args.token}: do without")


def _is_news(record: logging.LogRecord) -> bool:
    # What waits for a resource that was not created fails with it, and asyncio would report each.
    return not (record.exc_info and isinstance(record.exc_info[1], DeploymentError))


def _module_for(type_token: str) -> str:
    _, module, _ = type_token.split(":")
    service = module.partition("/")[0]
    return f"local/deployer/{service}_.py" if iskeyword(service) else f"local/deployer/{service}.py"


def plain(value: Any) -> Any:
    """Inputs as plain values: secrets opened, whole numbers as int, unset members left out."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def without_assets(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs without code and other files, which are never outputs."""
    return {
        key: value for key, value in inputs.items() if not isinstance(value, (pulumi.Archive, pulumi.Asset))
    }
