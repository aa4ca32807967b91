"""Landlock: a process gives up its access to files, for good.

The filter of system calls already forbids all this. It is a second fence that knows what a call would reach,
where the kernel has it (5.13 and newer, if it is switched on).
https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# The same on x86_64 and aarch64 (asm-generic/unistd.h).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_FOR_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
# The rights to files that the versions 1, 2, 3 and 5 of the interface know: so many bits, from the lowest.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TO_BIND_AND_CONNECT, _NETWORK_VERSION = 0b11, 4
# Signals and abstract sockets of processes outside.
_SCOPES, _SCOPE_VERSION = 0b11, 6


def restrict_to_reading(beneath: Iterable[str | Path]) -> bool:
    """Leave this process, and those it starts, nothing but reading beneath the folders given.

    Without a network, and without signals to anybody outside, as far as the kernel knows of them. Folders
    that do not exist are passed over. False, with nothing given up, where the kernel has no Landlock.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_FOR_VERSION)
    if version < 1:
        return False
    files = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    network = _TO_BIND_AND_CONNECT if version >= _NETWORK_VERSION else 0
    attributes = struct.pack("=QQQ", files, network, _SCOPES if version >= _SCOPE_VERSION else 0)
    size = 24 if version >= _SCOPE_VERSION else 16 if version >= _NETWORK_VERSION else 8
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    try:
        for folder in beneath:
            _allow_reading(libc, rules, folder)
        return not libc.syscall(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow_reading(libc: ctypes.CDLL, rules: int, folder: str | Path) -> None:
    try:
        opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        libc.syscall(
            _ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", _READ_FILE | _READ_DIRECTORY, opened), 0
        )
    finally:
        os.close(opened)
