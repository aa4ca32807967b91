import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from handlers.contract.presets import Limits, parse_presets
from handlers.contract.rejections import (
    NotAnImage,
    RenderCrashed,
    RenderFailed,
    RenderTimedOut,
    TooMuchMemory,
)
from handlers.rendering.render import render
from handlers.rendering.sandbox.process import (
    RendererBroken,
    RenderProcess,
    RenderProcessNotStarted,
    RenderStalled,
)
from handlers.rendering.sandbox.protocol import BrokenFrame, read_frame, write_frame

ROOT = Path(__file__).parents[4]
PHOTOGRAPH = (ROOT / "local" / "samples" / "fig.jpg").read_bytes()
PRESETS = parse_presets(["thumbnail 128x128 cover jpeg", "small 256x256 contain webp"])
LIMITS = Limits(
    max_bytes=50 << 20, max_pixels=50_000_000, max_side=30_000, max_frames=10, max_metadata_bytes=1 << 20
)
MEMORY = 1 << 30
OTHER_RENDERING = """
import os, sys, time, socket
from handlers.rendering.sandbox import resource_limits, protocol, child
from handlers.contract.rejections import NotAnImage
calls = 0
def instead(data, presets, limits):
    global calls
    if data[:4] == b"\\x89PNG":  # the picture of its own
        {own}
        return render(data, presets, limits)
    {statements}
render, child.render = child.render, instead
resource_limits.before_images(int(sys.argv[1]))
child.wait_for_images(socket.socket(fileno=int(sys.argv[2])))
"""


@pytest.fixture
def process():
    renderer = RenderProcess(cpu_seconds=10, wall_seconds=20, memory_bytes=MEMORY)
    yield renderer
    renderer.stop()


@pytest.fixture
def rendering():
    """Renderers whose processes run other statements instead of rendering `data`."""
    renderers = []

    def start(statements, *, own="pass", cpu_seconds=5.0, wall_seconds=20.0):
        code = OTHER_RENDERING.replace("{own}", own).replace(
            "{statements}", statements.replace("\n", "\n    ")
        )
        command = (sys.executable, "-c", code)
        renderers.append(
            RenderProcess(
                cpu_seconds=cpu_seconds, wall_seconds=wall_seconds, memory_bytes=MEMORY, command=command
            )
        )
        return renderers[-1]

    yield start
    for renderer in renderers:
        renderer.stop()


def test_a_process_renders_exactly_what_rendering_here_gives(process):
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS) == render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_rejection_there_is_the_same_rejection_here_and_the_waiting_process_lives_on(process):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    waiting = process._waiting
    with pytest.raises(NotAnImage):
        process.render(b"no image at all", PRESETS, LIMITS)
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert process._waiting is waiting


def test_each_image_has_a_process_of_its_own(rendering):
    renderer = rendering("calls += 1\nraise NotAnImage(f'{os.getpid()} {calls}')")
    told = []
    for _ in range(3):
        with pytest.raises(NotAnImage) as rejected:
            renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
        told.append(rejected.value.measured.split())
    assert len({pid for pid, _ in told}) == 3
    assert {calls for _, calls in told} == {"1"}


def test_no_credentials_are_in_its_environment(process, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very-secret")
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    environment = Path(f"/proc/{process._waiting.pid}/environ").read_bytes()
    assert b"very-secret" not in environment
    assert b"AWS_" not in environment


# A process that is no superuser, which may read anything, and a child that looks at its environment.
LOOK_AT_THE_PARENT = """
import ctypes, os, pathlib, sys
from handlers.rendering.sandbox.resource_limits import conceal
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


def test_a_waiting_process_that_is_killed_between_two_images_is_started_again(process):
    process.render(PHOTOGRAPH, PRESETS, LIMITS)
    os.kill(process._waiting.pid, signal.SIGKILL)
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS).facts.format == "JPEG"


def test_a_waiting_process_that_is_killed_beside_an_image_is_not_that_images_fault(rendering):
    renderer = rendering("time.sleep(1.5)\nraise NotAnImage")
    renderer.start()
    threading.Timer(1.0, lambda: os.kill(renderer._waiting.pid, signal.SIGKILL)).start()
    with pytest.raises(NotAnImage):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_an_image_that_ends_its_process_twice_is_rejected(rendering):
    renderer = rendering("os._exit(3)")
    with pytest.raises(RenderCrashed, match="exit status 3"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_an_image_that_ends_its_process_once_is_rendered_at_the_second_try(process, monkeypatch):
    ask, asked = process._ask, []

    def die_first(request, data, **more):
        asked.append(request["checked"])
        if len(asked) == 1:
            raise RenderCrashed("signal 9")
        return ask(request, data, **more)

    monkeypatch.setattr(process, "_ask", die_first)
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS).facts.format == "JPEG"
    assert asked == [False, True]


def test_an_image_that_overruns_its_time_twice_is_rejected_within_both(rendering):
    renderer = rendering("while True: pass", cpu_seconds=0.4)
    with pytest.raises(RenderTimedOut, match=r"more than 0\.4 s"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_the_time_of_earlier_images_is_not_counted():
    renderer = RenderProcess(cpu_seconds=1.5, wall_seconds=20, memory_bytes=MEMORY)
    try:
        for _ in range(10):
            renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
            waiting = renderer._waiting
        assert renderer._waiting is waiting
    finally:
        renderer.stop()


def test_a_process_that_does_not_answer_is_no_image_s_fault(rendering):
    renderer = rendering("time.sleep(60)", wall_seconds=2)
    started = time.monotonic()
    with pytest.raises(RenderStalled, match=r"no answer in 2 s"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
    assert time.monotonic() - started < 10
    assert renderer._waiting is None


def test_both_tries_share_the_time_of_one_image(rendering):
    renderer = rendering("time.sleep(1.2)\nos._exit(3)", wall_seconds=2)
    with pytest.raises(RenderStalled):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_an_image_that_needs_more_memory_than_its_process_may_have_is_rejected():
    renderer = RenderProcess(cpu_seconds=10, wall_seconds=20, memory_bytes=250 << 20)
    huge = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(huge, "PNG")
    whole = parse_presets(["thumbnail 16x16 contain png"])  # for which the picture is not decoded in parts
    try:
        with pytest.raises(TooMuchMemory):
            renderer.render(huge.getvalue(), whole, LIMITS)
    finally:
        renderer.stop()


@pytest.mark.parametrize(
    "error", ["KeyError(1)", "IndexError()", "ValueError('secret')", "ZeroDivisionError()"]
)
def test_an_error_that_the_bytes_raise_twice_beside_a_picture_that_renders_is_about_the_bytes(
    rendering, error
):
    with pytest.raises(RenderFailed, match=error.split("(", maxsplit=1)[0]) as rejected:
        rendering(f"raise {error}").render(PHOTOGRAPH, PRESETS, LIMITS)
    assert "secret" not in str(rejected.value)


def test_an_error_that_comes_once_is_not_held_against_the_image(process, monkeypatch):
    ask, answers = process._ask, [({"outcome": "failed", "error": "KeyError at png.py:9"}, b"")]
    monkeypatch.setattr(
        process, "_ask", lambda *given, **more: answers.pop() if answers else ask(*given, **more)
    )
    assert process.render(PHOTOGRAPH, PRESETS, LIMITS).facts.format == "JPEG"


@pytest.mark.parametrize(
    "error", ["ImportError('PIL')", "OSError(5, 'I/O')", "TimeoutError()", "PermissionError()"]
)
def test_an_error_of_the_machine_or_its_layer_is_never_held_against_the_image(rendering, error):
    with pytest.raises(RendererBroken):
        rendering(f"raise {error}").render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_renderer_that_fails_on_its_own_picture_rejects_nobody(rendering):
    renderer = rendering("raise KeyError(1)", own="calls += 1\n        if calls > 1: raise IndexError(2)")
    with pytest.raises(RendererBroken, match="IndexError"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_renderer_that_fails_on_its_own_picture_from_the_start_does_not_start(rendering):
    with pytest.raises(RenderProcessNotStarted, match="exit status 1"):
        rendering("pass", own="raise IndexError(2)").render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_waiting_process_that_cannot_start_is_no_image_s_fault():
    command = (sys.executable, "-c", "raise SystemExit(3)")
    renderer = RenderProcess(cpu_seconds=5, wall_seconds=20, memory_bytes=MEMORY, command=command)
    with pytest.raises(RenderProcessNotStarted, match="exit status 3"):
        renderer.render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_waiting_process_that_is_slow_to_start_costs_no_more_than_an_image_may():
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    renderer = RenderProcess(cpu_seconds=5, wall_seconds=0.5, memory_bytes=MEMORY, command=command)
    try:
        with pytest.raises(RenderProcessNotStarted, match="not ready"):
            renderer.render(PHOTOGRAPH, PRESETS, LIMITS)
    finally:
        renderer.stop()


_TOO_LARGE = "protocol.write_frame(out, {'outcome': 'rejected', 'reason': 'TooLarge', 'measured': ''})"
# What a process that is no longer ours may write instead of an answer: to the file `out`.
HOSTILE = {
    "nothing": "pass",
    "nonsense": "out.write(os.urandom(100_000))",
    "a header without an end": "out.write(bytes([255] * 12) + bytes(1_000_000))",
    "a payload without an end": "out.write(struct.pack('>IQ', 2, 1 << 60) + b'{}' + bytes(1 << 20))",
    "a payload as large as there may be": "out.write(struct.pack('>IQ', 2, 10**5) + b'{}' + bytes(10**5))",
    "deep JSON": "out.write(struct.pack('>IQ', 60_000, 0) + b'[' * 60_000)",
    "a list": "out.write(struct.pack('>IQ', 2, 0) + b'[]')",
    "an outcome that there is not": "protocol.write_frame(out, {'outcome': 'owned'})",
    "an outcome of another type": "protocol.write_frame(out, {'outcome': [1]})",
    "an unknown rejection": "protocol.write_frame(out, {'outcome': 'rejected', 'reason': 'OSError'})",
    "other facts": "protocol.write_frame(out, {'outcome': 'rendered', 'facts': {}, 'variants': [[]]})",
    "an answer and another": f"{_TOO_LARGE}; {_TOO_LARGE}",
    "an answer, and staying": f"{_TOO_LARGE}; time.sleep(60)",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_held_against_its_image_and_the_next_one_meets_nothing_of_it(rendering, name):
    renderer = rendering(
        "if data != b'hostile': return render(data, presets, limits)\n"
        "import struct; out = sys._getframe(2).f_locals['writer']\n"
        f"{HOSTILE[name]}\n"
        "out.flush(); os._exit(0)",
        wall_seconds=5,
    )
    with pytest.raises(RenderCrashed):
        renderer.render(b"hostile", PRESETS, LIMITS)
    assert renderer.render(PHOTOGRAPH, PRESETS, LIMITS) == render(PHOTOGRAPH, PRESETS, LIMITS)


def test_a_frame_comes_out_as_it_went_in():
    stream = io.BytesIO()
    write_frame(stream, {"a": 1}, b"one", b"two")
    stream.seek(0)
    assert read_frame(stream, 6) == ({"a": 1}, b"onetwo")


@pytest.mark.parametrize("cut", [0, 5, 14, 20])
def test_a_frame_that_ends_early_is_broken(cut):
    stream = io.BytesIO()
    write_frame(stream, {"a": 1}, b"payload")
    with pytest.raises(BrokenFrame):
        read_frame(io.BytesIO(stream.getvalue()[:cut]), 100)


@pytest.mark.parametrize(
    ("frame", "what"), [(b"\xff" * 12, "header of"), (b"\0\0\0\2" + b"\xff" * 8 + b"{}", "payload of")]
)
def test_a_frame_that_claims_to_be_endless_is_broken(frame, what):
    with pytest.raises(BrokenFrame, match=what):
        read_frame(io.BytesIO(frame), 100)


@pytest.mark.parametrize("header", [b"[" * 60_000, b"nonsense", b"5", b"\xff\xfe", b'{"a":NaN'])
def test_a_header_that_is_not_an_object_is_broken(header):
    frame = len(header).to_bytes(4, "big") + bytes(8) + header
    with pytest.raises(BrokenFrame):
        read_frame(io.BytesIO(frame), 0)
