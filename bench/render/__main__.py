"""`make bench-render`: CPU time, structural similarity and memory beside what others would pick.

Every engine renders every photograph in turn, again and again, so that whatever else the machine
does meets all of them; the medians are compared.
"""

import argparse
import math
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.render import engines
from bench.render.cold import import_ms, import_ms_without_byte_code
from bench.render.peak import peak
from bench.render.photographs import CACHE, photographs
from bench.render.quality import Judge
from handlers.contract.presets import Preset, parse_presets

JPEGS = parse_presets(
    ["large 1024x1024 contain jpeg", "small 512x512 contain jpeg", "thumbnail 128x128 contain jpeg"]
)
DEFAULTS = parse_presets(
    ["large 1600x1600 contain webp", "small 512x512 contain webp", "thumbnail 128x128 cover jpeg"]
)
Times = dict[tuple[str, str], float]


def measured(
    paths: Sequence[Path], known: dict[str, engines.Engine], presets: Sequence[Preset], rounds: int
) -> Times:
    """Median CPU milliseconds by photograph and engine."""
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for round_ in range(rounds + 1):
        for path in paths:
            for name, engine in known.items():
                if name == "simple" and path.suffix != ".jpg":
                    continue
                milliseconds, _ = engine(path, presets)
                if round_:  # the first one warms up
                    samples[path.name, name].append(milliseconds)
    return {key: statistics.median(values) for key, values in samples.items()}


def floor(paths: Sequence[Path], rounds: int) -> Times:
    """Median CPU milliseconds of decoding and encoding alone: in C, or without a compiler simplejpeg's."""
    program = _compiled()
    if not program:
        return measured(paths, {"floor": engines.timed(engines.codecs)}, JPEGS, rounds)
    widths = [str(preset.width) for preset in JPEGS]
    times = {}
    for path in paths:
        command = [program, str(rounds), str(JPEGS[0].quality), path, *widths]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        times[path.name, "floor"] = float(run.stdout)
    return times


def _compiled() -> Path | None:
    compiler, program = shutil.which("cc"), CACHE / "floor"
    if not compiler:
        return None
    source = Path(__file__).with_name("floor.c")
    build = subprocess.run(
        [compiler, "-O2", "-o", program, source, "-ljpeg"], check=False, capture_output=True
    )
    return None if build.returncode else program


def geometric_mean(values: Iterable[float]) -> float:
    """As it says."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def ratio(times: Times, paths: Iterable[Path], one: str, other: str) -> float:
    """The geometric mean of one engine's time over another's."""
    return geometric_mean(times[path.name, one] / times[path.name, other] for path in paths)


def table(title: str, paths: Sequence[Path], names: Sequence[str], cells: Times, digits: int) -> None:
    """Print a row a photograph and a column an engine."""
    print(f"\n{title}\n")
    print(f"{'':30}" + "".join(f"{name:>15}" for name in names))
    for path in paths:
        row = (cells.get((path.name, name)) for name in names)
        print(
            f"{path.name:30}"
            + "".join(f"{'-' if cell is None else format(cell, f'.{digits}f'):>15}" for cell in row)
        )


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--project-python", default=sys.executable, help="for the imports of the functions")
    options = parser.parse_args()
    paths = photographs()
    jpegs = [path for path in paths if path.suffix == ".jpg"]
    pngs = [path for path in paths if path.suffix == ".png"]
    webps = [path for path in paths if path.suffix == ".webp"]
    sharp = engines.sharp_worker()
    workers = {name: engines.python_worker(name) for name in ("ours", "vips", "opencv", "simple", "naive")}
    known = {"ours": workers["ours"].engine()}
    known |= {f"sharp {way}": sharp.engine(way) for way in ("cascade", "thrice")}
    known |= {name: worker.engine() for name, worker in workers.items()}
    names = [*known, "floor"]

    times = measured(paths, known, JPEGS, options.rounds)
    times |= floor(jpegs, options.rounds)
    table("CPU milliseconds, 1024 + 512 + 128 JPEG, quality 82", paths, names, times, 1)
    defaults = measured(paths, known, DEFAULTS, max(1, options.rounds // 2))
    table("CPU milliseconds, default presets (1600 + 512 WebP, 128 JPEG)", paths, list(known), defaults, 1)

    scores = {}
    for path in paths:
        judge = Judge(path, JPEGS[0])
        for name, engine in known.items():
            if name != "sharp thrice" and (name != "simple" or path in jpegs):
                scores[path.name, name] = judge.score(engine)
    for worker in (sharp, *workers.values()):
        worker.stop()
    judged = [name for name in known if name != "sharp thrice"]
    table(
        "SSIM of the 1024 at equal bytes, against one LANCZOS from the full picture", paths, judged, scores, 4
    )

    photograph = jpegs[0]
    peaks = {
        name: peak(name, photograph)
        for name in ("ours", "naive", "vips", "opencv", "simple", "sharp cascade")
    }
    print(f"\nPeak MiB of the process, {photograph.name}\n")
    for name, value in peaks.items():
        print(f"{name:30}{value:15.0f}")

    worst = min(scores[path.name, "ours"] - scores[path.name, "sharp cascade"] for path in paths)
    print("\nRelative to sharp in a cascade (geometric means over the JPEG photographs)\n")
    for name in known:
        print(f"{name:30}{ratio(times, jpegs, name, 'sharp cascade'):15.2f}")
    print(f"\nLargest loss of SSIM against sharp on any photograph: {max(0.0, -worst):.4f}\n")

    print(f"figure render_jpeg_vs_sharp {ratio(times, jpegs, 'ours', 'sharp cascade'):.3f}")
    print(f"figure render_png_vs_sharp {ratio(times, pngs, 'ours', 'sharp cascade'):.3f}")
    print(f"figure render_webp_vs_sharp {ratio(times, webps, 'ours', 'sharp cascade'):.3f}")
    print(f"figure render_all_vs_sharp {ratio(times, paths, 'ours', 'sharp cascade'):.3f}")
    print(f"figure render_default_presets_vs_sharp {ratio(defaults, paths, 'ours', 'sharp cascade'):.3f}")
    print(f"figure render_ssim_loss_vs_sharp {max(0.0, -worst):.4f}")
    print(f"figure render_vs_floor {ratio(times, jpegs, 'ours', 'floor'):.3f}")
    print(f"figure render_vs_naive {ratio(times, paths, 'ours', 'naive'):.3f}")
    print(f"figure peak_mib_12mp {peaks['ours']:.0f}")
    print(f"figure import_ms_resize {import_ms(options.project_python, 'handlers.resize.entry_point'):.0f}")
    print(f"figure import_ms_api {import_ms(options.project_python, 'handlers.api.entry_point'):.0f}")
    entry_points = {
        "resize": "handlers.resize.entry_point",
        "render_child": "handlers.rendering.sandbox.child",
    }
    for name, module in entry_points.items():
        compiled = import_ms(options.project_python, module)
        sources = import_ms_without_byte_code(options.project_python, module)
        print(f"figure byte_code_saves_ms_{name} {sources - compiled:.0f}")


if __name__ == "__main__":
    main()
