"""Which system calls the render process may not make, and the filter that has the kernel refuse them.

Code that an image takes a decoder over with reaches no network, starts no program and looks into no
other process. https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import platform
import struct
import sys
from typing import Final

# Numbers of the kernel's asm/unistd_64.h and asm-generic/unistd.h: x86_64, aarch64.
_FORBIDDEN: Final = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "io_uring_setup": (425, 425),  # does what others do without calling them
}
# Machine: its place in the table above, AUDIT_ARCH of linux/audit.h, the number of seccomp itself.
_MACHINES: Final = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
# Numbers from here on are those of x32, a second way to make every call of x86_64.
_X32: Final = 0x40000000

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER = 38, 1
# Otherwise kernels before 5.16 also switch off what makes memory fast, which no filter needs here.
_SPEC_ALLOW = 1 << 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid() -> bool:
    """Have the kernel refuse the calls to this process, for good; False where it has no such filter."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES:
        return False
    instructions = filter_program(machine)
    program = _Program(len(instructions) // 8, instructions)
    libc = ctypes.CDLL(None)
    zero, one = ctypes.c_ulong(0), ctypes.c_ulong(1)
    # Without it, only the superuser may set a filter.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, one, zero, zero, zero):
        return False
    seccomp, mode, flags = (ctypes.c_ulong(n) for n in (_MACHINES[machine][2], _SET_MODE_FILTER, _SPEC_ALLOW))
    return not libc.syscall(seccomp, mode, flags, ctypes.byref(program))


def filter_program(machine: str) -> bytes:
    """The filter for `x86_64` or `aarch64`, as instructions of classic BPF, 8 bytes each."""
    column, architecture, _ = _MACHINES[machine]
    numbers = [call[column] for call in _FORBIDDEN.values()]
    # A jump tells how many instructions it passes over when it applies and when it does not.
    refuse_at = len(numbers) + 5
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 0, refuse_at - 2, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, refuse_at - 4, 0, _X32),
        *((_IF_EQUAL, refuse_at - 5 - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
