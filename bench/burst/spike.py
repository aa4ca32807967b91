"""What a spike consists of, decided by its seed alone, and what each upload must come to."""

import hashlib
import io
import json
import random
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from handlers.contract.keys import image_id_in
from local.consistency import Expected

SAMPLES = Path(__file__).parents[2] / "local" / "samples"
PRESETS = frozenset({"thumbnail", "small", "large"})
Then = Literal["stays", "overwritten", "deleted"]
_SIZE = (320, 240)
_WHAT = {"photograph": 84, "truncated": 5, "not an image": 5, "bomb": 3, "zero bytes": 3}
_THEN: dict[Then, int] = {"stays": 88, "overwritten": 6, "deleted": 6}
_EXPRESS = 0.25
_REASONS = {
    "truncated": {"Truncated"},
    "not an image": {"NotAnImage"},
    "bomb": {"TooManyPixels"},
    "zero bytes": {"EmptyObject"},
}
TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "originals"})
MALFORMED = ("not JSON", "[]", '{"Records": 1}', '{"Records": [{"eventName": "ObjectCreated:Put"}]}')


@dataclass(frozen=True, kw_only=True)
class SpikeUpload:
    """One upload of the spike and what happens to it while it is queued; `name` is its ImageID, which
    says its lane, and `what` describes `data`.
    """

    name: str
    what: str
    data: bytes
    then: Then


@dataclass(frozen=True, kw_only=True)
class Spike:
    """The uploads in their order, and replacements for those that are overwritten, by name."""

    uploads: tuple[SpikeUpload, ...]
    replacements: dict[str, SpikeUpload]

    def last(self, upload: SpikeUpload) -> SpikeUpload | None:
        """What stands at the upload's key in the end."""
        if upload.then == "deleted":
            return None
        return self.replacements.get(upload.name, upload)


def plan(uploads: int, seed: int) -> Spike:
    """A spike of so many uploads."""
    chance = random.Random(seed)
    photographs = [Image.open(path).convert("RGB") for path in sorted(SAMPLES.glob("*.jpg"))]
    whats = chance.choices(list(_WHAT), list(_WHAT.values()), k=uploads)
    thens = chance.choices(list(_THEN), list(_THEN.values()), k=uploads)
    made = tuple(
        SpikeUpload(name=_name(number, chance), what=what, data=_data(what, photographs, chance), then=then)
        for number, (what, then) in enumerate(zip(whats, thens, strict=True))
    )
    replacements = {
        each.name: SpikeUpload(
            name=each.name,
            what="photograph",
            data=_data("photograph", photographs, chance),
            then="stays",
        )
        for each in made
        if each.then == "overwritten"
    }
    return Spike(uploads=made, replacements=replacements)


def _name(number: int, chance: random.Random) -> str:
    if chance.random() >= _EXPRESS:
        return f"spike/{number:05}"
    digits = f"{number:012x}7{chance.getrandbits(12):03x}8{chance.getrandbits(60):015x}"
    return image_id_in("express", str(uuid.UUID(digits)))


def expected(upload: SpikeUpload) -> Expected:
    """What the upload must come to, if it is the one that stands."""
    good = upload.what == "photograph"
    return Expected(
        etag=hashlib.md5(upload.data, usedforsecurity=False).hexdigest(),
        presets=PRESETS if good else frozenset(),
        reasons=frozenset(_REASONS.get(upload.what, ())),
    )


def _data(what: str, photographs: list[Image.Image], chance: random.Random) -> bytes:
    if what == "zero bytes":
        return b""
    if what == "not an image":
        return b"a letter, not a picture: " + chance.randbytes(2000)
    if what == "bomb":
        return _bomb(chance)
    photograph = chance.choice(photographs)
    left = chance.randrange(photograph.width - _SIZE[0])
    top = chance.randrange(photograph.height - _SIZE[1])
    encoded = io.BytesIO()
    crop = photograph.crop((left, top, left + _SIZE[0], top + _SIZE[1]))
    crop.save(encoded, "JPEG", quality=85)
    data = encoded.getvalue()
    return data[: len(data) // 2] if what == "truncated" else data


def _bomb(chance: random.Random) -> bytes:
    """A few bytes that say they are 20,000 by 20,000 pixels."""
    small = io.BytesIO()
    Image.new("L", (1, 1), chance.randrange(256)).save(small, "BMP")
    data = bytearray(small.getvalue())
    data[18:26] = (20_000).to_bytes(4, "little") * 2
    return bytes(data)
