"""Property-based: whatever is done to an image, it ends as variants or as a rejection.

`RENDER_FUZZ_EXAMPLES=100000 pytest tests/unit/rendering/test_hostile_fuzz.py` runs as long as wanted.
"""

import os
import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.contract.rejections import ImageRejected
from tests.unit.rendering.originals import SMALL, rendered

EXAMPLES = int(os.environ.get("RENDER_FUZZ_EXAMPLES", "400"))
TELLING = (0, 1, 2, 3, 255, 127, 128, 0xC0, 0xC4, 0xD9, 0xDA, 0xE1)
TELLING_LONG = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 1 << 20)

positions = st.floats(0, 1, exclude_max=True)
edits = st.one_of(
    st.tuples(st.just("set"), positions, st.sampled_from(TELLING)),
    st.tuples(st.just("set"), positions.map(lambda at: at * 0.05), st.integers(0, 255)),
    st.tuples(
        st.just("long"),
        positions,
        st.sampled_from([struct.pack(o, v) for v in TELLING_LONG for o in ("<I", ">I")]),
    ),
    st.tuples(st.just("cut"), positions, st.integers(1, 200)),
    st.tuples(st.just("repeat"), positions, st.integers(1, 400)),
    st.tuples(st.just("end"), positions, st.just(0)),
    st.tuples(st.just("insert"), positions, st.binary(min_size=1, max_size=40)),
)


def edited(data: bytes, steps) -> bytes:
    result = bytearray(data)
    for kind, where, what in steps:
        at = int(where * len(result))
        if kind == "set" and result:
            result[at] = what
        elif kind == "long":
            result[at : at + 4] = what
        elif kind == "cut":
            del result[at : at + what]
        elif kind == "repeat":
            result[at:at] = result[at : at + what]
        elif kind == "end":
            del result[at:]
        elif kind == "insert":
            result[at:at] = what
    return bytes(result)


def outcome(data: bytes) -> None:
    try:
        result = rendered(data, "thumbnail 24x24 cover jpeg", "a 40x40 contain webp", "b 9x9 fill png")
    except ImageRejected:
        return
    assert list(result.variants) == ["thumbnail", "a", "b"]
    assert all(variant.data for variant in result.variants.values())


fuzzed = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


@fuzzed
@given(name=st.sampled_from(sorted(SMALL)), steps=st.lists(edits, min_size=1, max_size=6))
def test_a_damaged_image_ends_as_variants_or_as_a_rejection(name, steps):
    outcome(edited(SMALL[name], steps))


@fuzzed
@given(
    magic=st.sampled_from(
        [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"RIFF\0\0\1\0WEBPVP8 ",
            b"II*\0",
            b"MM\0*",
            b"BM",
            b"\0\0\0\x1cftypavif",
        ]
    ),
    rest=st.binary(max_size=2000),
)
def test_anything_after_the_right_magic_ends_as_a_rejection(magic, rest):
    outcome(magic + rest)


@fuzzed
@given(first=st.sampled_from(sorted(SMALL)), second=st.sampled_from(sorted(SMALL)), at=positions)
def test_two_images_spliced_together_end_as_variants_or_as_a_rejection(first, second, at):
    outcome(SMALL[first][: int(at * len(SMALL[first]))] + SMALL[second][int(at * len(SMALL[second])) :])
