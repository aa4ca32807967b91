import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[4]


@pytest.fixture
def process(fake, environment) -> Callable[..., subprocess.Popen]:
    """Start a command in a separate process."""

    def start(*arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "imagectl", *arguments],
            env=environment | {"IMAGECTL_API": fake.url, "IMAGECTL_TOKEN": "a-token"},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def after(posts: int, fake) -> None:
    """Wait until so many files have been uploaded."""
    deadline = time.monotonic() + 20
    while len(fake.posts) < posts and time.monotonic() < deadline:
        time.sleep(0.002)
    assert len(fake.posts) >= posts


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_upload_ends_cleanly_and_says_how_to_resume(process, photos, fake, ending):
    folder = photos(200)
    fake.before_storing = lambda _: time.sleep(0.01)
    running = process("upload", str(folder))
    after(10, fake)
    running.send_signal(ending)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Run the same command again to continue" in said
    assert "Traceback" not in said
    assert len(fake.posts) < 200
    finished = process("upload", str(folder))
    said = finished.communicate(timeout=60)
    assert finished.returncode == 0, said
    assert set(fake.posts.values()) == {1}
    assert set(fake.contents().values()) == {1}
    assert len(fake.stored) == 200


def test_a_killed_upload_is_continued_without_a_lost_or_doubled_image(process, photos, fake):
    folder = photos(200)
    fake.before_storing = lambda _: time.sleep(0.005)
    for killed_after in (5, 60, 130):
        running = process("upload", str(folder))
        after(killed_after, fake)
        running.kill()
        running.communicate(timeout=30)
    finished = process("upload", str(folder))
    said = finished.communicate(timeout=60)
    assert finished.returncode == 0, said
    assert len(fake.contents()) == 200
    assert set(fake.contents().values()) == {1}
    assert sum(fake.posts.values()) <= 200 + 3 * 8, "at most what was on its way is sent twice"


def test_a_wait_for_the_quota_can_be_interrupted_and_continued_later(process, photos, fake):
    fake.room, fake.retry_after = 5, 3600
    folder = photos(12)
    waiting = process("upload", str(folder))
    after(5, fake)
    assert any("quota reached: 12,345 images an hour; going on at" in line for line in waiting.stderr)
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "Run the same command again to continue" in said
    assert "Traceback" not in said
    assert fake.calls["POST /uploads"] == 2, "what is left, and that nothing is"
    fake.room = 7
    finished = process("upload", str(folder))
    said = finished.communicate(timeout=60)
    assert finished.returncode == 0, said
    assert set(fake.posts.values()) == {1}
    assert len(fake.stored) == 12


def test_a_second_interrupt_does_not_wait_for_uploads_that_hang(process, photos, fake):
    answering = threading.Event()
    fake.before_storing = lambda _: answering.wait(30)
    running = process("upload", str(photos(3)))
    deadline = time.monotonic() + 20
    while fake.calls["POST /s3"] < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    assert any("press Ctrl-C again" in line for line in running.stderr)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert not fake.posts
    answering.set()
