"""`make fuzz`, for some seconds. `make fuzz SECONDS=600 SEED=…` goes on for longer."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench.fuzz.__main__ import Findings, attack
from bench.fuzz.mutations import mutated
from bench.fuzz.originals import originals
from bench.fuzz.structure import parts_of, repaired


@pytest.mark.parametrize("seed", [1, 2])
def test_no_attack_of_some_seconds_does_more_than_it_may(seed):
    found = attack(8, seed)
    assert not found.wrong
    assert found.outcomes["rendered"] > 10
    assert found.outcomes["request"] > 10
    assert {"NotAnImage", "Truncated"} <= set(found.outcomes)


def test_the_same_seed_makes_the_same_file():
    assert mutated(random.Random("1/0/7")) == mutated(random.Random("1/0/7"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_the_parts_of_a_file_are_the_file(kind):
    for data in originals()[kind]:
        assert b"".join(parts_of(kind, data)) == data
        assert len(parts_of(kind, data)) > 2
        assert repaired(kind, data) == data


@pytest.mark.parametrize(
    ("outcome", "figure"),
    [
        ("RenderCrashed: signal 11", "crashes"),
        ("RenderTimedOut: more than 5 s", "hangs"),
        ("RenderStalled: no answer", "hangs"),
        ("RenderFailed: KeyError at png.py:9", "internal"),
        ("!KeyError: 1", "uncaught"),
    ],
)
def test_what_should_not_be_is_counted_and_kept(outcome, figure, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.fuzz.__main__.FINDINGS", tmp_path)
    monkeypatch.chdir(tmp_path)
    found = Findings()
    found.image("PNG", "1/0/7", b"bytes", outcome, 0.1)
    found.image("PNG", "1/0/8", b"bytes", "NotAnImage", 0.2)
    assert found.wrong == {figure: 1}
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"bytes"]
    assert found.slowest_ms == 200


def test_a_finding_is_rendered_again(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(originals()["PNG"][0])
    command = [sys.executable, "-m", "bench.fuzz", "--replay", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert ran.stdout.startswith("rendered")
