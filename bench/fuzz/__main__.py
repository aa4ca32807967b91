"""`make fuzz SECONDS=60 SEED=1`: attack the renderer and the API, and print what held and what did not.

`make fuzz REPLAY=.local/fuzz/FILE` renders one file that was found before.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.fuzz.api import answering
from bench.fuzz.mutations import mutated
from bench.fuzz.originals import originals
from handlers.contract.presets import Limits, Preset, parse_presets
from handlers.contract.rejections import ImageRejected, RenderCrashed, RenderFailed, RenderTimedOut
from handlers.rendering.sandbox.process import RenderProcess, RenderStalled

FINDINGS = Path(__file__).parents[2] / ".local" / "fuzz"
_LIMITS = Limits(
    max_bytes=50 << 20, max_pixels=50_000_000, max_side=30_000, max_frames=1_000, max_metadata_bytes=8 << 20
)
# As much as a function of the default configuration gives one image.
_CPU_SECONDS, _WALL_SECONDS, _MEMORY_BYTES = 4.5, 9.5, 1_400 << 20
_PROCESSES = 2
_SHARE_OF_API = 0.15
_FITS, _FORMATS, _POSITIONS = (
    ("cover", "contain", "fill"),
    ("jpeg", "webp", "png", "avif"),
    ("centre", "attention"),
)


@dataclass
class Findings:
    """What was seen: outcomes by name, what went wrong by kind, and the slowest image in milliseconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    slowest_ms: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def image(self, kind: str, seed: str, data: bytes, outcome: str, seconds: float) -> None:
        """Count what one image ended as, and keep the file if it should not have."""
        wrong = {
            "RenderCrashed": "crashes",
            "RenderTimedOut": "hangs",
            "RenderStalled": "hangs",
            "RenderFailed": "internal",
        }
        name = outcome.split(":", maxsplit=1)[0]
        with self._lock:
            self.outcomes[name] += 1
            self.slowest_ms = max(self.slowest_ms, round(seconds * 1000))
            found = wrong.get(name) or ("uncaught" if name.startswith("!") else "")
            if found:
                self.wrong[found] += 1
                FINDINGS.mkdir(parents=True, exist_ok=True)
                path = FINDINGS / f"{seed.replace('/', '-')}.{kind.lower()}"
                path.write_bytes(data)
                print(f"{outcome}: make fuzz REPLAY={path.relative_to(Path.cwd())}")

    def request(self, seed: str, problem: str) -> None:
        """Count one request or message."""
        with self._lock:
            self.outcomes["request"] += 1
            if problem:
                self.wrong["uncaught"] += 1
                print(f"seed {seed}: {problem}")


def main() -> int:
    """Attack for so many seconds; 1 if anything did not hold."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--replay", type=Path)
    given = arguments.parse_args()
    if given.replay:
        data = given.replay.read_bytes()
        renderer = renderer_of_a_function()
        print(
            *_rendered(
                renderer,
                data,
                parse_presets(["thumbnail 128x128 cover jpeg", "large 1600x1600 contain webp"]),
            )
        )
        renderer.stop()
        return 0
    found = attack(given.seconds, given.seed)
    for name, count in found.outcomes.most_common():
        print(f"{name:24}{count:>8}")
    print()
    for figure in ("crashes", "hangs", "uncaught", "internal"):
        print(f"figure fuzz_{figure} {found.wrong[figure]}")
    print(f"figure fuzz_slowest_ms {found.slowest_ms}")
    return 1 if found.wrong else 0


def attack(seconds: float, seed: int, *, images: int = sys.maxsize) -> Findings:
    """Attack for so many seconds, with at most so many images; the same seed makes the same attempts."""
    found = Findings()
    originals()  # whose making does not count
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(_PROCESSES + 1) as pool:
        working = [
            pool.submit(_attack_renderer, found, until, f"{seed}/{number}", images // _PROCESSES)
            for number in range(_PROCESSES)
        ]
        _attack_api(found, seconds * _SHARE_OF_API, str(seed))
        for each in working:
            each.result()
    return found


def _attack_renderer(found: Findings, until: float, seed: str, images: int) -> None:
    renderer = renderer_of_a_function()
    try:
        for number in range(images):
            if time.monotonic() >= until:
                break
            own = f"{seed}/{number}"
            chance = random.Random(own)
            kind, data = mutated(chance)
            outcome, took = _rendered(renderer, data, _presets(chance))
            found.image(kind, own, data, outcome, took)
    finally:
        renderer.stop()


def _attack_api(found: Findings, seconds: float, seed: str) -> None:
    with answering() as attempt:
        number, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            own = f"{seed}/api/{number}"
            try:
                found.request(own, attempt(random.Random(own)))
            except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
                found.request(own, f"{type(error).__name__}: {error}")
            number += 1


def renderer_of_a_function() -> RenderProcess:
    """A renderer with the bounds of the default configuration."""
    return RenderProcess(cpu_seconds=_CPU_SECONDS, wall_seconds=_WALL_SECONDS, memory_bytes=_MEMORY_BYTES)


def _rendered(renderer: RenderProcess, data: bytes, presets: tuple[Preset, ...]) -> tuple[str, float]:
    started = time.monotonic()
    try:
        renderer.render(data, presets, _LIMITS)
        outcome = "rendered"
    except (RenderCrashed, RenderTimedOut, RenderFailed) as error:
        outcome = f"{type(error).__name__}: {error.measured}"
    except ImageRejected as error:
        outcome = error.reason
    except RenderStalled as error:
        outcome = f"RenderStalled: {error}"
    except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
        outcome = f"!{type(error).__name__}: {error}"
    return outcome, time.monotonic() - started


def _presets(chance: random.Random) -> tuple[Preset, ...]:
    def line(name: str) -> str:
        width, height = (chance.choice((1, 2, 9, 24, 128, 300)) for _ in range(2))
        position = f" position={chance.choice(_POSITIONS)}" if chance.random() < 0.5 else ""
        enlarge = " enlarge" if chance.random() < 0.3 else ""
        return f"{name} {width}x{height} {chance.choice(_FITS)} {chance.choice(_FORMATS)}{position}{enlarge}"

    return parse_presets([line("thumbnail"), *(line(f"p{number}") for number in range(chance.randrange(3)))])


if __name__ == "__main__":
    sys.exit(main())
