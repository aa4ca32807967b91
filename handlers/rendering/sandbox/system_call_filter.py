"""Which system calls a process that reads an image may not make, and the filter that refuses them.

Code that an image takes a decoder over with starts no process, signals none, changes no file, shares no
memory and reaches no network. The filter lists what is forbidden and not what is allowed: what a C library
calls differs by its version and by the processor, and a filter that is too narrow by one call would fail
every image. Calls newer than the list are refused as unknown.

https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import platform
import struct
import sys
from typing import Final

# Numbers of the kernel's asm/unistd_64.h and asm-generic/unistd.h: x86_64, aarch64; 0 where a machine
# has no such call (read of x86_64 and io_setup of aarch64 have that number and are not in here).
_FORBIDDEN: Final = {
    # Signals, and handles to other processes.
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    # Processes and programs; the group and session that all of them are ended with.
    "fork": (57, 0), "vfork": (58, 0), "execve": (59, 221), "execveat": (322, 281),
    "setpgid": (109, 154), "setsid": (112, 157),
    # Other processes' memory, and the kernel's inside.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "perf_event_open": (298, 241), "bpf": (321, 280), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142),
    "personality": (135, 92), "modify_ldt": (154, 0), "prctl": (157, 167),
    # Priorities, limits and clocks, of this process too: its time is measured with them.
    "setrlimit": (160, 164), "setpriority": (141, 140), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "setitimer": (38, 103), "timer_create": (222, 107), "alarm": (37, 0),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    # Users and groups.
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setgroups": (116, 159), "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151),
    "setfsgid": (123, 152), "capset": (126, 91),
    # Files; opening them to write is below.
    "creat": (85, 0), "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47),
    "rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, 0),
    "unlinkat": (263, 35), "rmdir": (84, 0), "mkdir": (83, 0), "mkdirat": (258, 34), "link": (86, 0),
    "linkat": (265, 37), "symlink": (88, 0), "symlinkat": (266, 36), "mknod": (133, 0), "mknodat": (259, 33),
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, 0), "lchown": (94, 0), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "flock": (73, 32), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262), "quotactl": (179, 60),
    "sendfile": (40, 71), "splice": (275, 76), "copy_file_range": (326, 285), "remap_file_pages": (216, 234),
    # File systems and namespaces.
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "unshare": (272, 97), "setns": (308, 268), "sethostname": (170, 161), "setdomainname": (171, 162),
    # The network.
    "socket": (41, 198), "socketpair": (53, 199),
    # Memory and messages that others can get at.
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semtimedop": (220, 192), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # Ways to have calls made without making them.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_submit": (209, 2),
}  # fmt: skip
# The C library has an older call to fall back to when it is told that these do not exist. Their
# arguments are in memory, where a filter cannot look.
_UNKNOWN: Final = {"clone3": (435, 435), "openat2": (437, 437)}
_CLONE, _OPEN, _OPENAT, _MMAP, _PRLIMIT64 = (56, 220), (2, 0), (257, 56), (9, 222), (302, 261)
# The first number after fchmodat2, futex and the like of Linux 6.12; setxattrat and what came since.
_NEWER: Final = 463
_CLONE_THREAD: Final = 0x10000
# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND; the same on both machines. O_TMPFILE needs one of them.
_TO_WRITE: Final = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000
_MAP_SHARED, _PROT_WRITE = 1, 2

# Machine: its place in the table above, AUDIT_ARCH of linux/audit.h, the number of seccomp itself.
_MACHINES: Final = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
# Numbers from here on are those of x32, a second way to make every call of x86_64.
_X32: Final = 0x40000000

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _REFUSE, _NO_SUCH_CALL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
_SET_MODE_FILTER: Final = 1
# Otherwise kernels before 5.16 also switch off what makes memory fast, which no filter needs here.
_SPEC_ALLOW: Final = 1 << 2

_Step = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid() -> bool:
    """Have the kernel refuse the calls to this process, for good; False where it has no such filter.

    Anybody but the superuser must have given up new privileges before (PR_SET_NO_NEW_PRIVS).
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES:
        return False
    instructions = filter_program(machine)
    program = _Program(len(instructions) // 8, instructions)
    seccomp, mode, flags = (ctypes.c_ulong(n) for n in (_MACHINES[machine][2], _SET_MODE_FILTER, _SPEC_ALLOW))
    return not ctypes.CDLL(None).syscall(seccomp, mode, flags, ctypes.byref(program))


def filter_program(machine: str) -> bytes:
    """The filter for `x86_64` or `aarch64`, as instructions of classic BPF, 8 bytes each."""
    column, architecture, _ = _MACHINES[machine]
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
        *_unless(_IF_AT_LEAST, _X32, _REFUSE),
        *_unless(_IF_AT_LEAST, _NEWER, _NO_SUCH_CALL),
    ]
    for calls, answer in ((_FORBIDDEN, _REFUSE), (_UNKNOWN, _NO_SUCH_CALL)):
        numbers = [numbers[column] for numbers in calls.values() if numbers[column]]
        steps += [
            *((_IF_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
            (_IF_EQUAL, 0, 1, _X32),  # which it is not: over the answer, for what equals none
            (_RETURN, 0, 0, answer),
        ]
    steps += _of_call(_CLONE[column], [*_argument(0), *_only_with_bits(_CLONE_THREAD)])
    steps += _of_call(_OPEN[column], [*_argument(1), *_never_with_bits(_TO_WRITE)])
    steps += _of_call(_OPENAT[column], [*_argument(2), *_never_with_bits(_TO_WRITE)])
    shared = [*_argument(2), *_never_with_bits(_PROT_WRITE)]
    steps += _of_call(_MMAP[column], [*_argument(3), (_IF_ANY_BIT, 0, len(shared), _MAP_SHARED), *shared])
    # Limits of this process, which is number 0 to itself, can only be lowered.
    steps += _of_call(_PRLIMIT64[column], [*_argument(0), (_IF_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _REFUSE)])
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _unless(comparison: int, value: int, answer: int) -> list[_Step]:
    return [(comparison, 0, 1, value), (_RETURN, 0, 0, answer)]


def _argument(place: int) -> list[_Step]:
    """Load the low half of an argument; both machines are little-endian."""
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * place)]


def _never_with_bits(bits: int) -> list[_Step]:
    return [(_IF_ANY_BIT, 0, 1, bits), (_RETURN, 0, 0, _REFUSE)]


def _only_with_bits(bits: int) -> list[_Step]:
    return [(_IF_ANY_BIT, 1, 0, bits), (_RETURN, 0, 0, _REFUSE)]


def _of_call(number: int, steps: list[_Step]) -> list[_Step]:
    """Steps for one call, which end by allowing it; nothing where the machine has no such call."""
    if not number:
        return []
    body = [*steps, (_RETURN, 0, 0, _ALLOW)]
    return [(_IF_EQUAL, 0, len(body), number), *body]
