"""The same original and presets give the same bytes, until the version of the recipe says otherwise.

`python -m tests.unit.rendering.test_recipe` writes the digests that are right from now on.
"""

import hashlib
import json
from pathlib import Path

import pytest

from bench.metadata.originals import ARTIST, COPYRIGHT, CREDIT, FORMATS, dataset, packet, signed
from handlers.contract import presets
from handlers.contract.presets import RECIPE_VERSION, parse_presets, preset_hash
from tests.unit.rendering.originals import LARGE, SMALL, picture, rendered

DIGESTS = Path(__file__).with_name("recipe.json")
LINES = (
    "thumbnail 64x64 cover jpeg",
    "progressive 90x90 contain jpeg effort=2",
    "small 100x100 contain webp",
    "square 48x48 cover png position=attention",
    "stretched 50x70 fill avif",
    "enlarged 200x200 contain webp enlarge",
    *(f"signed-{kind} 256x256 contain {kind}" for kind in ("jpeg", "webp", "avif", "png")),
    "large 700x500 contain jpeg",
)
ORIGINALS = (
    SMALL
    | LARGE
    | {
        f"signed {kind.lower()}": signed(
            kind,
            picture(),
            texts={ARTIST: b"Jane Doe\0", COPYRIGHT: "\N{COPYRIGHT SIGN} Zoë\0".encode("cp1252")},
            xmp=packet("<plus:LicensorURL>https://example.com/?a&amp;b</plus:LicensorURL>"),
            iptc=dataset(CREDIT, "Doe & Sons 雪".encode()),
        )
        for kind in FORMATS
    }
)


def _digests() -> dict[str, dict[str, str]]:
    return {
        kind: {
            name: hashlib.sha256(variant.data).hexdigest()[:16]
            for name, variant in rendered(data, *LINES).variants.items()
        }
        for kind, data in ORIGINALS.items()
    }


def test_bytes_change_with_the_version_of_the_recipe_only():
    recorded = json.loads(DIGESTS.read_text("utf-8"))
    assert recorded["recipe"] == RECIPE_VERSION, f"write {DIGESTS.name} again: see the top of this file"
    different = {kind for kind, digests in _digests().items() if digests != recorded["digests"].get(kind)}
    assert not different, (
        f"variants of {', '.join(sorted(different))} have other bytes than before: raise RECIPE_VERSION in "
        f"handlers/contract/presets.py, so that they get other keys, and write {DIGESTS.name} again"
    )


def test_another_recipe_is_another_preset_hash(monkeypatch: pytest.MonkeyPatch):
    before = preset_hash(parse_presets(LINES))
    monkeypatch.setattr(presets, "RECIPE_VERSION", RECIPE_VERSION + 1)
    assert preset_hash(parse_presets(LINES)) != before


if __name__ == "__main__":
    recorded = {"recipe": RECIPE_VERSION, "digests": _digests()}
    DIGESTS.write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")
