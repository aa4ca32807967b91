"""Evaluate another version's program in this process: its `components` and `handlers` are named as today's.

Run with the folder of that version. Requests and replies are pickles on standard input and output:
what to evaluate comes first, then each resource goes out to be created and what was created comes back,
and last the deployment goes out.
"""

import pickle
import runpy
import sys
from pathlib import Path
from typing import Any

root, today = Path(sys.argv[1]).resolve(), Path(__file__).resolve().parents[2]
# The other version's modules come first, and `local`, which it does not have here, is today's.
sys.path[0:1] = [str(root), str(today)]
replies, requests = sys.stdin.buffer, sys.stdout.buffer
sys.stdout = sys.stderr

from threading import Lock  # noqa: E402 - the path comes first

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks  # noqa: E402

from local.evaluation import URNS, evaluate  # noqa: E402


class _Elsewhere(Mocks):
    """Has every resource created by the process that started this one."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        with self._one_at_a_time:
            pickle.dump(("resource", URNS.get(), args), requests)
            requests.flush()
            created: tuple[str, dict[str, Any]] = pickle.load(replies)
        return created

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program invokes {args.token}")


def _execute() -> None:
    runpy.run_path(str(root / "__main__.py"), run_name="__main__")


deployment = evaluate(_execute, _Elsewhere(), **pickle.load(replies))
pickle.dump(("deployment", deployment), requests)
requests.flush()
