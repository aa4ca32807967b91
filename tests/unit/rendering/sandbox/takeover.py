"""A resize function in small, whose renderer is taken over by what should have been an image.

Both drop to one unprivileged user. What the taken-over process achieves comes back as the reason of a
rejection and is printed as JSON. Arguments: a folder, the process to attack (0 for this one), `with` or
`without` Landlock or `unconfined`; then those of a waiting process, where this is one.
"""

import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from handlers.contract.presets import Limits, parse_presets
from handlers.contract.rejections import NotAnImage
from handlers.rendering.sandbox import child, landlock, resource_limits
from handlers.rendering.sandbox.process import RenderProcess

NOBODY = 65534
folder = pathlib.Path(sys.argv[1])
victim = folder / "victim"
libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
render = child.render
parent = int(sys.argv[2]) or os.getpid()
CLONE_NEWUSER, CLONE_NEWNS, IPC_CREAT = 0x10000000, 0x20000, 0o1000


def drop():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def call(name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def sleep_in_a_thread():
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
    thread.join()


def write_shared():
    with victim.open("rb") as file:
        mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)


def other_parent_memory():
    pathlib.Path(f"/proc/{parent}/mem").open("rb").close()


ATTEMPTS = {
    "signal the parent": lambda: os.kill(parent, 0),
    "stop the parent": lambda: os.kill(parent, signal.SIGSTOP),
    "signal the waiting process": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "signal its group": lambda: os.killpg(0, 0),
    "signal everybody": lambda: os.kill(-1, 0),
    "signal a thread": lambda: call("tgkill", parent, parent, 0),
    "open a handle to the parent": lambda: os.pidfd_open(parent),
    "limit the parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (1, 1)),
    "raise a limit of its own": lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2),
    "raise its time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (10_000, 10_000)),
    "stop its timer": lambda: signal.setitimer(signal.ITIMER_PROF, 0),
    "slow the parent down": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    "bind the parent to a processor": lambda: os.sched_setaffinity(parent, {0}),
    "fork": os.fork,
    "fork behind the filter's back": lambda: call("syscall", 57 if X86 else 220, 17),
    "spawn": lambda: subprocess.run(["/bin/true"], check=False),
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "leave the group": lambda: os.setpgid(0, 0),
    "leave the session": os.setsid,
    "write to a file": lambda: victim.open("r+b"),
    "append to a file": lambda: victim.open("ab"),
    "make a file": lambda: (folder / "new").open("wb"),
    "make a file without a name": lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR),
    "make a folder": (folder / "sub").mkdir,
    "truncate": lambda: os.truncate(victim, 0),
    "rename": lambda: victim.rename(folder / "moved"),
    "remove": victim.unlink,
    "link": lambda: os.link(victim, folder / "link"),
    "link symbolically": lambda: (folder / "symbolic").symlink_to(victim),
    "change a mode": lambda: victim.chmod(0o777),
    "change an owner": lambda: os.chown(victim, os.getuid(), os.getgid()),
    "change times": lambda: os.utime(victim),
    "set an attribute": lambda: os.setxattr(victim, "user.a", b"b"),
    "share a file's memory": write_shared,
    "share memory of its own": lambda: mmap.mmap(-1, 4096, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
    "share memory by System V": lambda: call("shmget", 0x1234, 4096, IPC_CREAT | 0o600),
    "make a message queue by System V": lambda: call("msgget", 0x1234, IPC_CREAT | 0o600),
    "make a semaphore": lambda: call("semget", 0x1234, 1, IPC_CREAT | 0o600),
    "make a message queue": lambda: call("syscall", 240 if X86 else 180, b"q", 0o102, 0o600, None),
    "make a file in memory": lambda: os.memfd_create("m"),
    "a user namespace": lambda: call("unshare", CLONE_NEWUSER),
    "a mount namespace": lambda: call("unshare", CLONE_NEWNS),
    "another's namespace": lambda: call("setns", 0, 0),
    "trace the parent": lambda: call("ptrace", 16, parent, None, None),
    "read the parent's memory": lambda: call("process_vm_readv", parent, None, 0, None, 0, 0),
    "open the parent's memory": other_parent_memory,
    "read the parent's environment": lambda: pathlib.Path(f"/proc/{parent}/environ").read_bytes(),
    "write to its own memory from outside": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "be dumpable again": lambda: call("prctl", 4, 1, 0, 0, 0),
    "a socket": socket.socket,
    "a local socket": socket.socketpair,
    "a ring of calls": lambda: call("syscall", 425, 8, None),
    "a key": lambda: call("syscall", 248 if X86 else 217, b"user", b"k", b"v", 1, -2),
    "a probe": lambda: call("syscall", 321 if X86 else 280, 0, None, 0),
    "counters": lambda: call("syscall", 298 if X86 else 241, None, 0, -1, -1, 0),
    "another user": lambda: os.setuid(os.getuid()),
}
ALLOWED = {
    "read a library": lambda: next(pathlib.Path("/usr/lib").rglob("lib*.so.*")).open("rb").close(),
    "a thread": sleep_in_a_thread,
    "memory": lambda: mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
    "lower a limit of its own": lambda: resource.getrlimit(resource.RLIMIT_AS),
}


# What these would do to a test that is not confined.
HARMFUL = {
    "stop the parent", "signal the waiting process", "fork", "fork behind the filter's back", "run a program",
    "leave the group", "leave the session", "remove", "rename", "slow the parent down", "limit the parent",
    "bind the parent to a processor", "be dumpable again",
}  # fmt: skip


def succeeded(attempts):
    done = []
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            attempt()
            done.append(name)
    return done


def attack(data, presets, limits):
    if data[:4] == b"\x89PNG":
        return render(data, presets, limits)
    which = json.loads(data)
    if which == "control":
        harmless = {name: attempt for name, attempt in ATTEMPTS.items() if name not in HARMFUL}
        raise NotAnImage(str(len(succeeded(harmless))))
    raise NotAnImage(",".join(succeeded({"attempts": ATTEMPTS, "allowed": ALLOWED}[which])))


def wait():
    child._import_decoders()  # while all libraries can be read
    child._render_own_picture(child._ALL_FORMATS)
    child.render = attack
    drop()
    if sys.argv[3] == "unconfined":
        resource_limits.before_images = resource_limits.for_one_image = lambda _: None
    if sys.argv[3] == "without":
        landlock.restrict_to_reading = lambda _: False
    resource_limits.before_images(int(sys.argv[4]))
    child.wait_for_images(socket.socket(fileno=int(sys.argv[5])))


def be_attacked():
    victim.write_bytes(b"untouched")
    folder.chmod(0o777)
    victim.chmod(0o666)
    if os.getuid() == 0:
        os.chown(victim, NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    command = (
        sys.executable,
        "-m",
        "tests.unit.rendering.sandbox.takeover",
        str(folder),
        str(parent),
        sys.argv[3],
    )
    renderer = RenderProcess(cpu_seconds=10, wall_seconds=30, memory_bytes=1 << 30, command=command)
    renderer.start()
    drop()
    libc.prctl(4, 1, 0, 0, 0)  # dumpable, as it is after exec
    resource_limits.conceal()
    presets = parse_presets(["thumbnail 16x16 cover jpeg"])
    limits = Limits(max_bytes=1 << 20, max_pixels=1 << 20, max_side=9999, max_frames=1, max_metadata_bytes=99)
    result = {"user": os.getuid(), "landlock": libc.syscall(444, None, 0, 1) > 0}
    for which in ("control",) if sys.argv[3] == "unconfined" else ("attempts", "allowed"):
        try:
            renderer.render(json.dumps(which).encode(), presets, limits)
        except NotAnImage as told:
            result[which] = [name for name in told.measured.split(",") if name]
    result["victim"] = victim.read_bytes().decode()
    result["there"] = sorted(path.name for path in folder.iterdir())
    result["group"] = sum(
        _group(path) == renderer._waiting.pid for path in pathlib.Path("/proc").glob("[0-9]*")
    )
    renderer.stop()
    sys.stdout.write(json.dumps(result))


def _group(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except OSError:  # it has ended meanwhile
        return None


if __name__ == "__main__":
    wait() if len(sys.argv) > 4 else be_attacked()
