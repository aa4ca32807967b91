import errno
import struct

import pytest

from handlers.rendering.sandbox.system_call_filter import filter_program

X86, ARM, I386 = 0xC000003E, 0xC00000B7, 0x40000003
ALLOWED, NO_PERMISSION, NO_SUCH_CALL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
MACHINES = [("x86_64", X86), ("aarch64", ARM)]
# From asm/unistd_64.h and asm-generic/unistd.h, by name: x86_64, aarch64.
CLONE, OPENAT, MMAP, PRLIMIT64 = (56, 220), (257, 56), (9, 222), (302, 261)
NEEDED = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "mprotect": (10, 226),
    "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "ioctl": (16, 29), "pread64": (17, 67), "madvise": (28, 233),
    "mremap": (25, 216),
    "getpid": (39, 172), "exit": (60, 93), "uname": (63, 160), "fcntl": (72, 25), "getcwd": (79, 17),
    "gettimeofday": (96, 169), "sysinfo": (99, 179), "gettid": (186, 178), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "getdents64": (217, 61), "clock_gettime": (228, 113),
    "exit_group": (231, 94),
    "newfstatat": (262, 79), "set_robust_list": (273, 99), "getrandom": (318, 278), "statx": (332, 291),
    "rseq": (334, 293), "sched_yield": (24, 124), "clock_nanosleep": (230, 115), "readlinkat": (267, 78),
}  # fmt: skip
FORBIDDEN = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "execve": (59, 221), "ptrace": (101, 117),
    "process_vm_writev": (311, 271), "socket": (41, 198), "socketpair": (53, 199), "setpriority": (141, 140),
    "setrlimit": (160, 164), "setitimer": (38, 103), "ftruncate": (77, 46), "unlinkat": (263, 35),
    "renameat2": (316, 276), "linkat": (265, 37), "mkdirat": (258, 34), "fchmodat": (268, 53),
    "shmget": (29, 194),
    "mq_open": (240, 180), "memfd_create": (319, 279), "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "bpf": (321, 280), "keyctl": (250, 219), "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "prctl": (157, 167), "setsid": (112, 157),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "setuid": (105, 146),
}  # fmt: skip


def verdict(machine, number, *arguments, architecture=None):
    """What the kernel would do about a call: the instructions that the filter uses, and no others."""
    words = {0: number, 4: architecture or dict(MACHINES)[machine]}
    for place, argument in enumerate((*arguments, *[0] * (6 - len(arguments)))):
        words |= {16 + 8 * place: argument & 0xFFFFFFFF, 20 + 8 * place: argument >> 32}
    steps = list(struct.iter_unpack("=HBBI", filter_program(machine)))
    loaded, at = 0, 0
    while True:
        code, applies, otherwise, value = steps[at]
        at += 1
        if code == 0x20:
            loaded = words[value]
        elif code == 0x06:
            return value
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
            at += applies if holds else otherwise


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_calls_that_lead_out_are_refused_and_those_that_decoders_make_are_not(machine, column):
    for name, numbers in FORBIDDEN.items():
        assert verdict(machine, numbers[column]) == NO_PERMISSION, name
    for name, numbers in NEEDED.items():
        assert verdict(machine, numbers[column]) == ALLOWED, name


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_arguments_decide_about_calls_that_can_be_harmless(machine, column):
    clone, openat, mmap, prlimit = (numbers[column] for numbers in (CLONE, OPENAT, MMAP, PRLIMIT64))
    thread = 0x3D0F00  # what the C library starts threads with
    cases = [
        (clone, (thread,), ALLOWED),
        (clone, (17,), NO_PERMISSION),  # SIGCHLD: a fork
        (clone, (0x10000000,), NO_PERMISSION),  # a user namespace
        (openat, (-100 & (1 << 64) - 1, 0, 0), ALLOWED),
        (openat, (0, 0, 0o2000000), ALLOWED),  # O_CLOEXEC
        *((openat, (0, 0, flags), NO_PERMISSION) for flags in (1, 2, 0o100, 0o1000, 0o2000, 0o20000002)),
        (mmap, (0, 4096, 3, 0x22), ALLOWED),
        (mmap, (0, 4096, 1, 0x01), ALLOWED),  # a file, shared to read
        (mmap, (0, 4096, 5, 0x02), ALLOWED),  # a library
        (mmap, (0, 4096, 3, 0x01), NO_PERMISSION),
        (mmap, (0, 4096, 2, 0x03), NO_PERMISSION),  # MAP_SHARED_VALIDATE
        (prlimit, (0,), ALLOWED),
        (prlimit, (1,), NO_PERMISSION),
        (prlimit, (4321,), NO_PERMISSION),
    ]
    for number, arguments, right in cases:
        assert verdict(machine, number, *arguments) == right, (number, arguments)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_with_an_older_one_beside_them_and_calls_to_come_do_not_exist(machine):
    for number in (435, 437, 463, 500, 10_000):
        assert verdict(machine, number) == NO_SUCH_CALL


def test_the_ways_around_the_numbers_are_closed():
    assert verdict("x86_64", 3, architecture=I386) == NO_PERMISSION
    assert verdict("aarch64", 3, architecture=X86) == NO_PERMISSION
    assert verdict("x86_64", 0x40000000 | 1) == NO_PERMISSION


def test_a_file_is_opened_to_write_by_the_old_call_neither():
    assert verdict("x86_64", 2, 0, 0) == ALLOWED
    assert verdict("x86_64", 2, 0, 0o101) == NO_PERMISSION
