import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from handlers.frames import BrokenFrame, read_frame, write_frame
from handlers.images import render
from handlers.presets import Limits, parse_presets
from handlers.rejections import NotAnImage, RenderCrashed, RenderTimedOut, TooMuchMemory
from handlers.render_process import RenderFailed, RenderProcess, RenderProcessNotStarted, RenderStalled

ROOT = Path(__file__).parents[2]
PHOTOGRAPH = (ROOT / "samples" / "fig.jpg").read_bytes()
PRESETS = parse_presets(["thumbnail 128x128 cover jpeg", "small 256x256 contain webp"])
LIMITS = Limits(
    max_bytes=50 << 20, max_pixels=50_000_000, max_side=30_000, max_frames=10, max_metadata_bytes=1 << 20
)
MEMORY = 1 << 30


@pytest.fixture
def process():
    renderer = RenderProcess(cpu_seconds=10, wall_seconds=20, memory_bytes=MEMORY)
    yield renderer
    renderer.stop()


@pytest.fixture
def child_running():
    """Renderers whose child runs other statements, once it has said that it is ready."""
    renderers = []

    def start(statements, *, seconds=20.0, ready=True):
        greeting = "write_frame(sys.stdout.buffer, {'outcome': 'ready'})" if ready else "pass"
        code = f"import os, sys, time; from handlers.frames import *; {greeting}; {statements}"
        command = (sys.executable, "-c", code)
        renderers.append(
            RenderProcess(cpu_seconds=1, wall_seconds=seconds, memory_bytes=MEMORY, command=command)
        )
        return renderers[-1]

    yield start
    for renderer in renderers:
        renderer.stop()


def test_a_child_renders_exactly_what_rendering_in_process_gives(process):
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS) == render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_rejection_in_the_child_is_the_same_rejection_here_and_the_child_lives_on(process):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    child = process._child
    with pytest.raises(NotAnImage):
        process.render(b"no image at all", PRESETS, LIMITS)
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert process._child is child


def test_the_child_sees_no_credentials(process, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very-secret")
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    environment = Path(f"/proc/{process._child.pid}/environ").read_bytes()
    assert b"very-secret" not in environment
    assert b"AWS_" not in environment


# A process that is no superuser, which may read anything, and a child that looks at its environment.
LOOK_AT_THE_PARENT = """
import ctypes, os, pathlib, sys
from handlers.render_process import conceal
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is after exec
if sys.argv[1] == "concealed":
    conceal()
child = os.fork()
if not child:
    try:
        os._exit(0 if b"very-secret" in pathlib.Path(f"/proc/{os.getppid()}/environ").read_bytes() else 1)
    except PermissionError:
        os._exit(13)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are files on Linux alone")
@pytest.mark.parametrize(("parent", "found"), [("as it is", 0), ("concealed", 13)])
def test_a_child_cannot_read_the_credentials_of_a_concealed_parent(parent, found):
    environment = {**os.environ, "AWS_SECRET_ACCESS_KEY": "very-secret"}
    command = [sys.executable, "-c", LOOK_AT_THE_PARENT, parent]
    assert subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode == found


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is one of Linux")
def test_the_child_reaches_no_network_and_starts_no_program(process):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    status = Path(f"/proc/{process._child.pid}/status").read_text(encoding="ascii")
    assert "Seccomp:\t2\n" in status  # a filter; tests/unit/test_system_calls.py says which


def test_a_child_killed_between_two_images_is_started_again(process):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    os.kill(process._child.pid, signal.SIGKILL)
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS).facts.format == "JPEG"


def test_an_image_that_ends_the_child_twice_is_rejected(child_running, tmp_path):
    marks = tmp_path / "marks"
    renderer = child_running(
        f"read_frame(sys.stdin.buffer); open({str(marks)!r}, 'a').write('x'); os.abort()"
    )
    with pytest.raises(RenderCrashed, match="signal 6"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert marks.read_text() == "xx"
    assert renderer._child is None


def test_an_image_that_ends_the_child_once_is_rendered_at_the_second_try(process, monkeypatch):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    ask = process._ask
    asked = []

    def die_first(request, data):
        asked.append(1)
        if len(asked) == 1:
            raise RenderCrashed("signal 9")
        return ask(request, data)

    monkeypatch.setattr(process, "_ask", die_first)
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS).facts.format == "JPEG"
    assert len(asked) == 2


def test_an_image_that_overruns_its_time_twice_is_rejected(child_running, tmp_path):
    marks = tmp_path / "marks"
    renderer = child_running(
        "from handlers.render_child import _bound_cpu; header, _ = read_frame(sys.stdin.buffer); "
        f"open({str(marks)!r}, 'a').write('x'); _bound_cpu(header['cpuSeconds']); "
        "[None for n in iter(int, 1)]"
    )
    with pytest.raises(RenderTimedOut, match="more than 1 s"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert marks.read_text() == "xx"


def test_the_time_of_earlier_images_is_not_counted():
    renderer = RenderProcess(cpu_seconds=1, wall_seconds=20, memory_bytes=MEMORY)
    try:
        for _ in range(10):
            renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
            child = renderer._child
        assert renderer._child is child
    finally:
        renderer.stop()


def test_a_child_that_does_not_answer_is_no_image_s_fault(child_running):
    renderer = child_running("read_frame(sys.stdin.buffer); time.sleep(60)", seconds=0.2)
    with pytest.raises(RenderStalled, match=r"no answer in 0\.2 s"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert renderer._child is None


def test_an_image_that_needs_more_memory_than_the_child_may_have_is_rejected():
    renderer = RenderProcess(cpu_seconds=10, wall_seconds=20, memory_bytes=200 << 20)
    huge = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(huge, "PNG")
    try:
        with pytest.raises(TooMuchMemory):
            renderer.render(huge.getvalue(), PRESETS, LIMITS)
    finally:
        renderer.stop()


def test_an_error_that_is_no_rejection_is_not_held_against_the_image(child_running):
    answer = "{'outcome': 'failed', 'error': 'KeyError: x'}"
    renderer = child_running(f"read_frame(sys.stdin.buffer); write_frame(sys.stdout.buffer, {answer})")
    with pytest.raises(RenderFailed, match="KeyError"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_child_that_cannot_start_is_no_image_s_fault(child_running):
    renderer = child_running("raise SystemExit(3)", ready=False)
    with pytest.raises(RenderProcessNotStarted, match="exit status 3"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_frame_comes_out_as_it_went_in():
    stream = io.BytesIO()
    write_frame(stream, {"a": 1}, b"one", b"two")
    stream.seek(0)
    assert read_frame(stream) == ({"a": 1}, b"onetwo")


@pytest.mark.parametrize("cut", [0, 5, 14, 20])
def test_a_frame_that_ends_early_is_broken(cut):
    stream = io.BytesIO()
    write_frame(stream, {"a": 1}, b"payload")
    with pytest.raises(BrokenFrame):
        read_frame(io.BytesIO(stream.getvalue()[:cut]))


def test_a_header_that_claims_to_be_endless_is_broken():
    with pytest.raises(BrokenFrame, match="header of"):
        read_frame(io.BytesIO(b"\xff" * 12))
