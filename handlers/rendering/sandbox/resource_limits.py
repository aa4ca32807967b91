"""What the processes that render give up: before an image is at hand, and once it is.

The first half is given up by the process that waits for images, and so by all that it starts; the second
by each process that reads one.
"""

import ctypes
import resource
import signal
import sys
from typing import Final

from handlers.rendering.sandbox import landlock, system_call_filter

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
# Beside those of Python: where systems, Lambda and its layers keep libraries, and what the C library asks.
_LIBRARIES: Final = (
    "/usr",
    "/lib",
    "/lib64",
    "/opt",
    "/var/lang",
    "/var/task",
    "/etc",
    "/sys/devices/system",
)
# A pipe in, a pipe out, and what a decoder may read a table from.
_OPEN_FILES: Final = 32


def conceal() -> None:
    """Close this process's memory and environment, with the credentials in them, to others of its user.

    They may read `/proc/PID/environ` and `/proc/PID/mem` otherwise.
    https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def before_images(memory_bytes: int) -> None:
    """Bound the memory of this process and of those it starts; let them only read, and only libraries."""
    conceal()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _limit(resource.RLIMIT_AS, memory_bytes)
    for forbidden in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK):
        _limit(forbidden, 0)
    if hasattr(resource, "RLIMIT_MSGQUEUE"):  # on Linux
        _limit(resource.RLIMIT_MSGQUEUE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    landlock.restrict_to_reading({*_LIBRARIES, sys.prefix, sys.base_prefix, *filter(None, sys.path)})


def for_one_image(cpu_seconds: float) -> None:
    """Bound the processor's time that this process takes from now on, and the system calls it makes.

    Past the time, the kernel ends it with SIGPROF; the limit behind that counts whole seconds, and counts
    if the timer is done away with. It ends with the process that forked it, too. Where the kernel has no
    filter, the limits are what there is.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    _limit(resource.RLIMIT_CPU, int(cpu_seconds) + 2)
    system_call_filter.forbid()


def _limit(kind: int, most: int) -> None:
    """Lower both limits, if they are not lower already."""
    _, hard = resource.getrlimit(kind)
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (bound, bound))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        arguments = (ctypes.c_ulong(number) for number in (value, 0, 0, 0))
        ctypes.CDLL(None).prctl(option, *arguments)
