"""Draws how long single photographs took during an import: `plot.py TIMES.json NAME` writes NAME.svg."""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

mpl.use("Agg")
# The same times give the same file.
mpl.rcParams.update({"svg.hashsalt": "lanes", "font.size": 9})
_COLOURS = {"with lanes": "#238b45", "without lanes": "#d62728"}


def main() -> None:
    """Draw what the first argument holds."""
    runs = json.loads(Path(sys.argv[1]).read_text())
    figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
    axes.set_title("A photograph of one person, while somebody else imports hundreds")
    for name, singles in runs.items():
        ready = [(at, wait) for at, wait in singles if wait is not None]
        axes.plot(*zip(*ready, strict=True), "o", markersize=4, color=_COLOURS[name], label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("seconds until ready")
    axes.set_xlabel("seconds since the import began")
    axes.set_xlim(left=0)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(Path(sys.argv[2]).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
