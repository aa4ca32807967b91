"""What each choice costs and gives: `python -m bench.render.frontier FOLDER` writes the chart there.

Left, the resampling: CPU milliseconds of the whole rendering against structural similarity at
equal bytes. The others, one output format each: milliseconds of the encoder against bytes at
equal similarity to the unencoded picture, by effort.
"""

import io
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageOps

from bench.render import engines
from bench.render.photographs import photographs
from bench.render.quality import Judge, similarity
from handlers.contract.presets import Preset, parse_presets
from handlers.rendering import resample

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

NAMES = ("dragonfly-12mp.jpg", "elephants-12mp.jpg", "seeding-12mp.jpg")
ROUNDS = 5
PRESETS = parse_presets(
    ["large 1024x1024 contain jpeg", "small 512x512 contain jpeg", "thumbnail 128x128 contain jpeg"]
)
EFFORTS: dict[str, dict[str, dict[str, object]]] = {
    "JPEG": {
        "0": {},
        "1 *": {"optimize": True},
        "2": {"progressive": True},
    },
    "WEBP": {f"{method}{' *' if method == 4 else ''}": {"method": method} for method in range(7)},
    "AVIF": {
        f"{effort}{' *' if effort == 1 else ''}": {"speed": 10 - effort, "max_threads": 1}
        for effort in (1, 2, 3, 4)
    },
}
QUALITY = {"JPEG": 82, "WEBP": 80, "AVIF": 60}


def ours_with(luma: Image.Resampling) -> engines.Engine:
    """The renderer with another filter for its luma."""
    engine = engines.timed(engines.ours)

    def run(path: Path, presets: list[Preset]) -> tuple[float, list[bytes]]:
        kept, resample._LUMA_FILTER = resample._LUMA_FILTER, luma  # noqa: SLF001 - the knob under test
        try:
            return engine(path, presets)
        finally:
            resample._LUMA_FILTER = kept  # noqa: SLF001

    return run


def drafted(luma: Image.Resampling) -> Callable[[bytes, list[Preset]], list[bytes]]:
    """Pillow with draft() and a cascade, in RGB throughout."""

    def work(data: bytes, presets: list[Preset]) -> list[bytes]:
        image = Image.open(io.BytesIO(data))
        scale = presets[0].width / max(image.size)
        mode_and_box = image.draft("RGB", (int(image.width * scale), int(image.height * scale)))
        box = mode_and_box[1] if mode_and_box else None
        outputs = []
        full = image.size if box is None else (box[2], box[3])
        for preset in presets:
            scale = preset.width / max(full)
            image = image.resize((round(full[0] * scale), round(full[1] * scale)), luma, box)
            box = None
            output = io.BytesIO()
            image.save(output, "JPEG", quality=preset.quality, optimize=True)
            outputs.append(output.getvalue())
        return outputs

    return work


def resampling(paths: list[Path]) -> dict[str, tuple[float, float]]:
    """Mean milliseconds and mean similarity by choice."""
    filters = Image.Resampling
    sharp = engines.sharp_worker()
    known: dict[str, engines.Engine] = {
        "planes, LANCZOS *": engines.timed(engines.ours),
        "planes, BICUBIC": ours_with(filters.BICUBIC),
        "planes, HAMMING": ours_with(filters.HAMMING),
        "planes, BOX": ours_with(filters.BOX),
        "RGB, LANCZOS": engines.timed(drafted(filters.LANCZOS)),
        "RGB, BICUBIC": engines.timed(drafted(filters.BICUBIC)),
        "RGB, HAMMING": engines.timed(drafted(filters.HAMMING)),
        "sharp cascade": sharp.engine("cascade"),
        "OpenCV AREA": engines.timed(engines.opencv),
        "simplejpeg + LANCZOS": engines.timed(engines.simple),
    }
    times: dict[str, list[float]] = {name: [] for name in known}
    scores: dict[str, list[float]] = {name: [] for name in known}
    for path in paths:
        judge = Judge(path, PRESETS[0])
        rounds = [
            {name: engine(path, PRESETS)[0] for name, engine in known.items()} for _ in range(ROUNDS + 1)
        ]
        for name, engine in known.items():
            times[name].append(statistics.median(each[name] for each in rounds[1:]))
            scores[name].append(judge.score(engine))
    sharp.stop()
    return {name: (statistics.mean(times[name]), statistics.mean(scores[name])) for name in known}


def encoders(paths: list[Path], kind: str) -> dict[str, tuple[float, float]]:
    """Mean milliseconds and mean kilobytes, at the similarity of the first effort, by effort."""
    pictures = [ImageOps.contain(Image.open(path).convert("RGB"), (1024, 1024)) for path in paths]
    targets = [similarity(_encoded(picture, kind, QUALITY[kind], {})[1], picture) for picture in pictures]
    result = {}
    for effort, options in EFFORTS[kind].items():
        times, sizes = [], []
        for picture, target in zip(pictures, targets, strict=True):
            runs = [_encoded(picture, kind, QUALITY[kind], options) for _ in range(3)]
            times.append(statistics.median(run[0] for run in runs))
            sizes.append(_size_at(picture, kind, options, target) / 1024)
        result[effort] = (statistics.mean(times), math.exp(np.mean(np.log(sizes))))
    return result


def _size_at(picture: Image.Image, kind: str, options: dict[str, object], target: float) -> float:
    points = []
    for quality in (QUALITY[kind] - 6, QUALITY[kind], QUALITY[kind] + 6):
        data = _encoded(picture, kind, quality, options)[1]
        points.append((similarity(data, picture), math.log(len(data))))
    scores, sizes = zip(*points, strict=True)
    return math.exp(np.interp(target, scores, sizes))


def _encoded(
    picture: Image.Image, kind: str, quality: int, options: dict[str, object]
) -> tuple[float, bytes]:
    output = io.BytesIO()
    before = time.process_time()
    picture.save(output, kind, quality=quality, **options)
    return 1000 * (time.process_time() - before), output.getvalue()


def draw(folder: Path, choices: dict[str, dict[str, tuple[float, float]]]) -> None:
    """Write `rendering.svg`."""
    plt.rcParams.update({"font.size": 9, "svg.hashsalt": "rendering", "svg.fonttype": "none"})
    figure, axes = plt.subplots(2, 2, figsize=(11, 8.5), layout="constrained")
    labels = {
        "resampling": ("Resampling: 1024 + 512 + 128 JPEG", "SSIM at equal bytes (higher is better)"),
        "JPEG": ("JPEG 1024 by effort", "kB at equal SSIM (lower is better)"),
        "WEBP": ("WebP 1024 by effort", "kB at equal SSIM (lower is better)"),
        "AVIF": ("AVIF 1024 by effort", "kB at equal SSIM (lower is better)"),
    }
    for axis, (name, points) in zip(axes.flat, choices.items(), strict=True):
        title, what = labels[name]
        if name == "resampling":
            _named(axis, points)
        else:
            _numbered(axis, points)
        axis.set(title=title, xlabel="CPU milliseconds (lower is better)", ylabel=what)
        axis.margins(0.18, 0.14)
        axis.grid(alpha=0.25)
    figure.suptitle(
        "What each choice costs and gives; red: the default. Mean of three 12-megapixel photographs."
    )
    figure.savefig(folder / "rendering.svg", metadata={"Date": None})


def _named(axis: Axes, points: dict[str, tuple[float, float]]) -> None:
    """Many points close together: a legend instead of labels."""
    for index, (label, (milliseconds, value)) in enumerate(points.items()):
        marker = "o" if label.startswith("planes") else "s" if label.startswith("RGB") else "^"
        colour = "#c0392b" if label.endswith("*") else plt.get_cmap("tab10")(index)
        size = 10 if label.endswith("*") else 7
        axis.plot(milliseconds, value, marker, color=colour, markersize=size, label=label.rstrip(" *"))
    axis.legend(loc="lower right")


def _numbered(axis: Axes, points: dict[str, tuple[float, float]]) -> None:
    axis.plot(*zip(*points.values(), strict=True), color="#bdc3c7", zorder=0)
    for label, (milliseconds, value) in points.items():
        default = label.endswith("*")
        axis.plot(
            milliseconds,
            value,
            "o",
            color="#c0392b" if default else "#34495e",
            markersize=8 if default else 5,
        )
        axis.annotate(
            label.rstrip(" *"), (milliseconds, value), (-3, 7), textcoords="offset points", ha="right"
        )


def main() -> None:
    """Measure, print and draw."""
    paths = [path for path in photographs() if path.name in NAMES]
    choices = {"resampling": resampling(paths), **{kind: encoders(paths, kind) for kind in EFFORTS}}
    for title, points in choices.items():
        print(f"\n{title}")
        for label, (milliseconds, value) in points.items():
            print(f"  {label:24}{milliseconds:10.1f} ms {value:12.4f}")
    draw(Path(sys.argv[1]), choices)


if __name__ == "__main__":
    main()
