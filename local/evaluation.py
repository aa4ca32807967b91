"""Evaluate a Pulumi program against mocks, and record what an engine would see."""

import asyncio
import contextvars
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.settings import SETTINGS, get_project, get_root_resource, get_stack
from pulumi.runtime.stack import Stack, run_pulumi_func

from components.bundle import SKIP_LAYERS

_REGISTRATION_THREADS = 8

_STACK: Final = "pulumi:pulumi:Stack"

URNS: Final[ContextVar[tuple[str, ...]]] = ContextVar("URNS")
"""For the mocks: the URN of the resource that is being registered, and then its aliases."""


@dataclass(frozen=True, kw_only=True)
class RegisteredResource:
    """One registration, as an engine would see it.

    `parent`, `dependencies` and `aliases` are URNs, `references` says for an input the URNs of the
    resources that its value is made of, `inputs` are camelCase, `outputs` is what the mocks returned,
    `id` is empty for components. `aliases` are all other URNs under which the engine looks for it.
    """

    type: str
    name: str
    urn: str
    aliases: tuple[str, ...]
    parent: str
    id: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    protect: bool
    retain_on_delete: bool
    dependencies: tuple[str, ...]
    references: dict[str, tuple[str, ...]]
    ignore_changes: tuple[str, ...]
    transforms: tuple[Any, ...]
    provider: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What one evaluation of the program registered and exported.

    `resources` are in the order of registration. An output that a preview cannot know is None.
    """

    resources: tuple[RegisteredResource, ...]
    outputs: dict[str, Any]


def evaluate(
    program: Callable[[], None],
    mocks: Mocks,
    project: str,
    stack: str,
    config: Mapping[str, str],
    *,
    preview: bool = False,
    secret_keys: Collection[str] = (),
) -> Deployment:
    """Evaluate any program as `run_program` does: call it, and wait for all that it started.

    `secret_keys` are the keys whose values come encrypted from the stack's file.
    """
    context = contextvars.copy_context()
    with asyncio.Runner() as runner, _skipped_layers():
        running = _evaluate(program, mocks, project, stack, config, preview=preview, secret_keys=secret_keys)
        try:
            return runner.run(running, context=context)
        except BaseException:
            # Tasks that failed for the same reason would be logged again, whenever they are collected.
            runner.get_loop().set_exception_handler(lambda _loop, _context: None)
            raise


async def _evaluate(
    program: Callable[[], None],
    mocks: Mocks,
    project: str,
    stack: str,
    config: Mapping[str, str],
    *,
    preview: bool,
    secret_keys: Collection[str],
) -> Deployment:
    with _executor():
        monitor = RecordingMonitor(mocks)
        SETTINGS.outputs = set()
        set_all_config(dict(config), list(secret_keys))
        set_mocks(mocks, project=project, stack=stack, preview=preview, monitor=monitor)
        top = get_root_resource()
        assert isinstance(top, Stack)
        await run_pulumi_func(program)
        outputs = {
            name: await pulumi.Output.from_input(value).future() for name, value in top.outputs.items()
        }
    return Deployment(resources=tuple(monitor.recorded), outputs=outputs)


class RecordingMonitor(MockMonitor):
    """Keeps what the mocks do not see: parents, resource options and dependencies."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.recorded: list[RegisteredResource] = []
        self._aliases: dict[str, tuple[str, ...]] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine makes it, with the types of all parents but the stack.

        https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
        """
        types = parent.split("::")[2] if parent else ""
        qualified = type_ if types in {"", _STACK} else f"{types}${type_}"
        return "::".join([f"urn:pulumi:{get_stack()}", get_project(), qualified, name])

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the monitor's protocol
        """Answer as the mock monitor does, and record what was registered."""
        urn = self.make_urn(request.parent, request.type, request.name)
        self._aliases[urn] = aliases = self._aliases_of(request)
        URNS.set((urn, *aliases))
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as Pulumi declares it
        if request.type != _STACK:
            self.recorded.append(
                RegisteredResource(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    aliases=aliases,
                    parent=request.parent,
                    id=response.id,
                    custom=request.custom,
                    inputs=rpc.deserialize_properties(request.object),
                    outputs=rpc.deserialize_properties(response.object),
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    dependencies=tuple(request.dependencies),
                    references={
                        key: tuple(found.urns) for key, found in request.propertyDependencies.items()
                    },
                    ignore_changes=tuple(request.ignoreChanges),
                    transforms=tuple(request.transforms),
                    provider=request.provider,
                )
            )
        return response

    def _aliases_of(self, request: Any) -> tuple[str, ...]:
        """The aliases of a resource, and those that it has because its parents have some."""
        found = [alias.urn for alias in request.aliases if alias.urn]
        identities = [(request.parent, request.type, request.name)]
        for spec in (alias.spec for alias in request.aliases if not alias.urn):
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            identities.append((parent, spec.type or request.type, spec.name or request.name))
        for parent, type_, name in identities:
            found.append(self.make_urn(parent, type_, name))
            found += [
                self.make_urn(alias, type_, _renamed(name, parent, alias))
                for alias in self._aliases.get(parent, ())
            ]
        own = self.make_urn(*identities[0])
        return tuple(urn for urn in dict.fromkeys(found) if urn != own)


def _renamed(name: str, parent: str, alias: str) -> str:
    """A child's name below an alias of its parent: names that start with the parent's follow it."""
    now, before = (urn.rpartition("::")[2] for urn in (parent, alias))
    return f"{before}{name.removeprefix(now)}" if name.startswith(now) else name


@contextmanager
def _executor() -> Iterator[None]:
    """Threads for the registrations, each with an event loop that is closed in the end.

    The mock monitor creates one in every thread that calls it and forgets it there.
    """
    loops: list[asyncio.AbstractEventLoop] = []

    def prepare() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    executor = ThreadPoolExecutor(_REGISTRATION_THREADS, "registration", prepare)
    asyncio.get_running_loop().set_default_executor(executor)
    try:
        yield
    finally:
        executor.shutdown()
        for loop in loops:
            loop.close()


@contextmanager
def _skipped_layers() -> Iterator[None]:
    before = os.environ.get(SKIP_LAYERS)
    os.environ[SKIP_LAYERS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SKIP_LAYERS]
        else:
            os.environ[SKIP_LAYERS] = before
