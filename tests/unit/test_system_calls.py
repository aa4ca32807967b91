import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from handlers.system_calls import filter_program

ROOT = Path(__file__).parents[2]
X86, ARM, I386 = 0xC000003E, 0xC00000B7, 0x40000003
ALLOWED = 0x7FFF0000
NO_PERMISSION = 0x00050001


def verdict(program, architecture, number):
    """What the kernel would do about a call: the instructions that the filter uses, and no others."""
    steps = list(struct.iter_unpack("=HBBI", program))
    loaded, at = 0, 0
    while True:
        code, applies, otherwise, value = steps[at]
        at += 1
        if code == 0x20:
            loaded = {0: number, 4: architecture}[value]
        elif code == 0x06:
            return value
        else:
            at += applies if (loaded == value if code == 0x15 else loaded >= value) else otherwise


@pytest.mark.parametrize(
    ("machine", "architecture", "forbidden"),
    [
        ("x86_64", X86, {41, 53, 59, 322, 101, 310, 311, 425}),
        ("aarch64", ARM, {198, 199, 221, 281, 117, 270, 271, 425}),
    ],
)
def test_the_filter_refuses_exactly_the_calls_that_lead_out(machine, architecture, forbidden):
    program = filter_program(machine)
    refused = {number for number in range(600) if verdict(program, architecture, number) == NO_PERMISSION}
    assert refused == forbidden
    assert {verdict(program, architecture, number) for number in set(range(600)) - refused} == {ALLOWED}


def test_the_ways_around_the_numbers_are_closed():
    program = filter_program("x86_64")
    assert verdict(program, I386, 3) == NO_PERMISSION
    assert verdict(program, X86, 0x40000000 | 1) == NO_PERMISSION


TRY = """
import ctypes, json, os, socket, sys
from handlers.system_calls import forbid
result = {"forbidden": forbid()}
def attempt(what, call):
    try:
        call()
        result[what] = "done"
    except PermissionError:
        result[what] = "refused"
attempt("network", lambda: socket.socket())
attempt("program", lambda: os.execv("/bin/true", ["true"]))
attempt("file", lambda: open("/dev/null").close())
result["ptrace"] = ctypes.CDLL(None).ptrace(0, 0, 0, 0)
print(json.dumps(result))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is one of Linux")
def test_the_kernel_applies_the_filter():
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, cwd=ROOT, check=True)
    expected = {"forbidden": True, "network": "refused", "program": "refused", "file": "done", "ptrace": -1}
    assert json.loads(done.stdout) == expected
