"""Run the Pulumi program of this project without an engine.

`load_config` reads what the CLI would hand to the program, `run_program` evaluates
`__main__.py` against any `pulumi.runtime.Mocks` and waits for everything it started.
"""

import asyncio
import contextvars
import json
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.settings import SETTINGS, get_root_resource
from pulumi.runtime.stack import Stack, run_pulumi_func

from components.bundle import SKIP_LAYERS

_REGISTRATION_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration, as an engine would see it.

    `parent` and `dependencies` are URNs, `inputs` are camelCase, `outputs` is what the mocks
    returned, `id` is empty for components.
    """

    type: str
    name: str
    urn: str
    parent: str
    id: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    protect: bool
    retain_on_delete: bool
    dependencies: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    provider: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What one evaluation of the program registered and exported.

    `resources` are in the order of registration. An output that a preview cannot know is None.
    """

    resources: tuple[Resource, ...]
    outputs: dict[str, Any]


def load_config(root: Path, stack: str) -> dict[str, str]:
    """The configuration of a stack as the CLI passes it: full key → text.

    The stack file wins over the defaults and values of `Pulumi.yaml`; lists and maps travel as
    JSON (https://www.pulumi.com/docs/iac/concepts/config/). Raises FileNotFoundError if there is
    no such stack file, ValueError if neither file gives a value to a declared key.
    """
    project = yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8"))
    values = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text("utf-8")).get("config") or {}
    merged: dict[str, Any] = {}
    for key, declared in (project.get("config") or {}).items():
        full_key = key if ":" in key else f"{project['name']}:{key}"
        default = declared
        if isinstance(declared, dict):
            default = declared.get("value", declared.get("default"))
        if default is None and full_key not in values:
            raise ValueError(f"stack {stack} gives no value to {full_key}, which has no default")
        merged[full_key] = default
    return {key: _render(value) for key, value in (merged | values).items()}


def run_program(
    root: Path,
    stack: str,
    mocks: Mocks,
    overrides: Mapping[str, str] | None = None,
    *,
    preview: bool = False,
) -> Deployment:
    """Evaluate `__main__.py` and wait until every registration and output is settled.

    `overrides` are full keys (`image-intake:batchSize`) with values as the CLI passes them. The
    dependency layers are not built: no mock needs their bytes. Raises what the program or the
    mocks raised. Evaluations are independent of each other, in one process too.
    """
    context = contextvars.copy_context()
    with asyncio.Runner() as runner, _skipped_layers():
        return runner.run(_run(root, stack, mocks, overrides or {}, preview=preview), context=context)


async def _run(
    root: Path, stack: str, mocks: Mocks, overrides: Mapping[str, str], *, preview: bool
) -> Deployment:
    with _executor():
        monitor = _RecordingMonitor(mocks)
        SETTINGS.outputs = set()
        set_all_config({**load_config(root, stack), **overrides}, [])
        project = yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8"))["name"]
        set_mocks(mocks, project=project, stack=stack, preview=preview, monitor=monitor)
        top = get_root_resource()
        assert isinstance(top, Stack)
        await run_pulumi_func(lambda: _execute(root))
        outputs = {
            name: await pulumi.Output.from_input(value).future() for name, value in top.outputs.items()
        }
    return Deployment(resources=tuple(monitor.recorded), outputs=outputs)


def _execute(root: Path) -> None:
    # The CLI's language host runs the program from its own folder, which is first on the path.
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    runpy.run_path(str(root / "__main__.py"), run_name="__main__")


class _RecordingMonitor(MockMonitor):
    """Keeps what the mocks are not told: parents, resource options and dependencies."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.recorded: list[Resource] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the monitor's protocol
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as Pulumi declares it
        if request.type != "pulumi:pulumi:Stack":
            self.recorded.append(
                Resource(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    parent=request.parent,
                    id=response.id,
                    custom=request.custom,
                    inputs=rpc.deserialize_properties(request.object),
                    outputs=rpc.deserialize_properties(response.object),
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    dependencies=tuple(request.dependencies),
                    ignore_changes=tuple(request.ignoreChanges),
                    provider=request.provider,
                )
            )
        return response


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


def _render(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)
