"""Draws the curves of a burst: `plot.py CURVES.json NAME` writes NAME.svg and NAME.png."""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

mpl.use("Agg")
# The same curves give the same file.
mpl.rcParams.update({"svg.hashsalt": "burst", "font.size": 9, "axes.spines.top": False})


def main() -> None:
    """Draw what the first argument holds."""
    curves = json.loads(Path(sys.argv[1]).read_text())
    figure, (queue, age, pace) = plt.subplots(3, 1, figsize=(8, 7), sharex=True, layout="constrained")
    figure.suptitle(f"{curves['uploads']} uploads at once, with faults and killed workers")
    queue.fill_between(curves["seconds"], curves["waiting"], color="#9ecae1", label="waiting")
    queue.plot(curves["seconds"], curves["in_flight"], color="#d62728", label="in flight")
    queue.set_ylabel("messages")
    queue.legend(frameon=False)
    age.plot(curves["whole_seconds"], curves["oldest"], color="#6a51a3")
    age.set_ylabel("age of the oldest [s]")
    pace.bar(curves["whole_seconds"], curves["finished"], width=1, color="#74c476")
    pace.set_ylabel("finished per second")
    pace.set_xlabel("seconds since the first upload")
    for axes in (queue, age, pace):
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid(axis="y", alpha=0.3)
    name = Path(sys.argv[2])
    figure.savefig(name.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
