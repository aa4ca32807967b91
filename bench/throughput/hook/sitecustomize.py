"""Accounts of CPU time in the resize function and its render processes: Python imports this where it is on
the path.

Lines of JSON go to the pipe beside this file. The function's process writes, after each call, what it has
used so far, in all and by part; the process that waits for images, what it and its children have; the process
of an image, what its parts took. Time that a part takes within another one is not the other's.
"""

import dataclasses
import functools
import importlib.abc
import importlib.util
import json
import os
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

_PIPE = os.open(Path(__file__).with_name("pipe"), os.O_WRONLY)
_used: Counter[str] = Counter()
_inner = threading.local()

# Methods and functions by module, and the part that they belong to.
_PARTS: dict[str, dict[str, str]] = {
    "handlers.storage.buckets": {
        f"Buckets.{name}": "S3" for name in ("fetch", "exists", "put_variant", "remove_variants")
    },
    "handlers.storage.catalog": {
        f"Catalog.{name}": "table" for name in ("get", "commit", "fail", "forget_superseded")
    },
    "handlers.resize.queues": {"Queues.postpone": "queue"},
    "handlers.resize.message_batch": {"read_messages": "queue", "_read": "queue"},
    "handlers.resize.telemetry": {"Telemetry.report": "log"},
    "aws_lambda_powertools.metrics": {"Metrics.flush_metrics": "log"},
    "handlers.rendering.sandbox.process": {"RenderProcess.render": "hand-over"},
    "handlers.rendering.encode": {"encode": "encode"},
    "handlers.rendering.resample": {"cascade": "resize"},
    "handlers.rendering.colour": {"to_srgb": "colour"},
    "handlers.rendering.render": {"render": "render"},
}


def _emit(**line: Any) -> None:
    os.write(_PIPE, json.dumps(line).encode() + b"\n")


def _accounted(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        outer, _inner.taken = getattr(_inner, "taken", 0.0), 0.0
        began = time.thread_time()
        try:
            return function(*arguments, **options)
        finally:
            taken = time.thread_time() - began
            _used[part] += taken - _inner.taken
            _inner.taken = outer + taken

    return call


def _account(module: ModuleType) -> None:
    for name, part in _PARTS.get(module.__name__, {}).items():
        owner_name, _, attribute = name.rpartition(".")
        owner = getattr(module, owner_name) if owner_name else module
        setattr(owner, attribute, _accounted(part, getattr(owner, attribute)))
    if module.__name__ == "handlers.rendering.decode":
        read: Any = _accounted("header", module.read)
        module.read = lambda *arguments: _decoding(read(*arguments))  # type: ignore[attr-defined]
    elif module.__name__ == "handlers.resize.entry_point":
        handler = module.handler

        def handled(*arguments: Any) -> Any:
            try:
                return handler(*arguments)
            finally:
                _emit(worker=os.getpid(), cpu=time.process_time(), parts=_used)

        module.handler = handled  # type: ignore[attr-defined]


def _decoding(original: Any) -> Any:
    return dataclasses.replace(original, decode=_accounted("decode", original.decode))


def _report_children() -> None:
    """In the process that forks one for each image, which has no part in this yet."""
    fork, leave, wait = os.fork, os._exit, os.waitpid

    def forked() -> int:
        child = fork()
        if not child:
            _used.clear()  # of the picture that the waiting process rendered
        return child

    def left(status: int) -> None:
        _emit(image=os.getpid(), parts=_used)
        leave(status)

    def waited(*arguments: Any) -> Any:
        ended = wait(*arguments)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        _emit(waiting=os.getpid(), cpu=time.process_time(), children=children.ru_utime + children.ru_stime)
        return ended

    os.fork, os._exit, os.waitpid = forked, left, waited  # type: ignore[assignment]


class _Accounts(importlib.abc.MetaPathFinder):
    """Has modules of interest accounted for as soon as they are imported."""

    def find_spec(self, name: str, *_: Any) -> Any:
        if (name.startswith("handlers.") or name in _PARTS) and not getattr(_inner, "looking", False):
            _inner.looking = True
            try:
                spec = importlib.util.find_spec(name)
            finally:
                _inner.looking = False
            if spec and spec.loader and hasattr(spec.loader, "exec_module"):
                execute = spec.loader.exec_module

                def executed(module: ModuleType) -> None:
                    execute(module)
                    _account(module)

                spec.loader.exec_module = executed  # type: ignore[method-assign]
            return spec
        return None


sys.meta_path.insert(0, _Accounts())
if "handlers.rendering.sandbox.child" in sys.orig_argv:
    _report_children()
