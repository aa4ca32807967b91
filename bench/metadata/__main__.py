"""`make bench-metadata`: what variants keep of who made a photograph, and that they keep nothing else.

Two corpora: originals made here, and the image files of two packages. What the packages' files hold, and what
their variants do, is read by exiv2, which shares nothing with this project.
"""

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, get_args

from bench.metadata import packages
from bench.metadata.cases import MARK, cases
from bench.metadata.packets import said_by
from handlers.contract.presets import Format, Limits, parse_presets
from handlers.contract.rejections import ImageRejected, RawNotSupported
from handlers.rendering.render import render
from handlers.rendering.result import Rendered

_LINES = ("thumbnail 128x128 cover jpeg", *(f"{kind} 512x512 contain {kind}" for kind in get_args(Format)))
_LIMITS = Limits(
    max_bytes=1 << 26, max_pixels=50_000_000, max_side=30_000, max_frames=50, max_metadata_bytes=1 << 23
)


@dataclass
class Tally:
    """How many texts were expected and kept, how many variants leaked, and what each variant grew by."""

    originals: int = 0
    expected: int = 0
    kept: int = 0
    leaked: int = 0
    added: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def count(self, name: str, expected: Iterable[str], said: Sequence[str]) -> None:
        """Count the texts that one variant should say and does."""
        together = _plain(" ".join(said))
        for text in filter(None, map(_plain, expected)):
            self.expected += 1
            self.kept += text in together
            if text not in together:
                self.lost.append(f"{name}: {text}")


def main() -> None:
    """Print a table, what was lost, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exiv2-python", required=True, help="An interpreter that has pyexiv2.")
    outcomes: Counter[str] = Counter()
    raw: Counter[str] = Counter()
    python = parser.parse_args().exiv2_python
    tallies = _made_here()
    tallies["files of packages"] = _of_packages(python, outcomes, raw)
    print("| originals | number | texts kept | variants that leak | bytes added, median |")
    print("|---|---|---|---|---|")
    for name, tally in tallies.items():
        added = median(tally.added) if tally.added else 0
        texts = f"{tally.kept} of {tally.expected}"
        print(f"| {name} | {tally.originals} | {texts} | {tally.leaked} | {added:.0f} |")
    print(f"\noutcomes of the files: {dict(outcomes)}; of RAW files among them: {dict(raw)}")
    for lost in [each for tally in tallies.values() for each in tally.lost]:
        print(f"lost: {lost}")
    every = list(tallies.values())
    kept, expected = sum(tally.kept for tally in every), sum(tally.expected for tally in every)
    added_bytes = [count for tally in every for count in tally.added]
    print(f"figure rights_kept {100 * kept / expected:.2f}")
    print(f"figure location_leaked {sum(tally.leaked for tally in every)}")
    print(f"figure bytes_added_median {median(added_bytes):.0f}")
    print(f"figure bytes_added_most {max(added_bytes)}")
    print(f"figure raw_rendered {raw['READY']}")


def _made_here() -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for case in cases():
        tally = tallies.setdefault(case.kind, Tally())
        tally.originals += 1
        kept, bare = _rendered(case.data, "rights"), _rendered(case.data, "none")
        facts = repr(kept.facts)
        for name, variant in kept.variants.items():
            tally.leaked += MARK.encode() in variant.data or MARK in facts
            if name == "thumbnail":
                continue
            tally.added.append(len(variant.data) - len(bare.variants[name].data))
            said = [text for texts in said_by(variant.data).values() for text in texts]
            tally.count(f"{case.kind} {case.name} as {name}", case.kept, said)
    return tallies


def _of_packages(python: str, outcomes: Counter[str], raw: Counter[str]) -> Tally:
    """Render the files of the packages, and compare them with their variants by what exiv2 reads in each."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        variants: dict[str, list[Path]] = {}
        for number, path in enumerate(packages.files()):
            try:
                kept, bare = (_rendered(path.read_bytes(), setting) for setting in ("rights", "none"))
            except ImageRejected as rejection:
                outcomes[rejection.reason] += 1
                if packages.is_raw(path) or isinstance(rejection, RawNotSupported):
                    raw[rejection.reason] += 1
                continue
            outcomes["READY"] += 1
            raw["READY"] += packages.is_raw(path)
            variants[str(path)] = []
            for name, variant in kept.variants.items():
                written = Path(folder) / f"{number}-{name}.{variant.preset.extension}"
                written.write_bytes(variant.data)
                variants[str(path)].append(written)
                if said_by(variant.data):
                    tally.added.append(len(variant.data) - len(bare.variants[name].data))
        written_paths = [str(each) for group in variants.values() for each in group]
        said = _read_by_exiv2(python, [*variants, *written_paths])
    for original, group in variants.items():
        if original not in said:
            continue
        tally.originals += 1
        expected = [part for text in said[original]["rights"] for part in text.split(";")]
        for path in group:
            found = said.get(str(path), {"rights": [], "other": []})
            tally.leaked += bool(found["other"])
            if "thumbnail" not in path.name:
                tally.count(f"{Path(original).name} as {path.suffix}", expected, found["rights"])
    return tally


def _read_by_exiv2(python: str, paths: Sequence[str]) -> Mapping[str, Any]:
    script = Path(__file__).with_name("exiv2_fields.py")
    answer = subprocess.run(
        [python, str(script)], input="\n".join(paths), capture_output=True, text=True, check=True
    )
    found: Mapping[str, Any] = json.loads(answer.stdout)
    return found


def _rendered(data: bytes, metadata: str) -> Rendered:
    return render(data, parse_presets(_LINES, metadata), _LIMITS)


def _plain(text: str) -> str:
    """Without the white space in which programs that print metadata differ."""
    return " ".join(text.replace("\0", " ").split())


if __name__ == "__main__":
    main()
