"""No answer of a process that has read a hostile image is taken on trust."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.presets import Limits, parse_presets
from handlers.contract.rejections import NotAnImage
from handlers.rendering.result import Facts
from handlers.rendering.sandbox import answer_checks
from handlers.rendering.sandbox.protocol import BrokenFrame

PRESETS = parse_presets(["thumbnail 10x10 cover jpeg", "small 20x20 contain webp"])
LIMITS = Limits(max_bytes=1000, max_pixels=10_000, max_side=100, max_frames=5, max_metadata_bytes=10)
FACTS = Facts(
    format="PNG", content_type="image/png", width=100, height=50, frames=1, bit_depth=8, has_alpha=False,
    dominant_color="#0a0b0c", placeholder="1QcSHQRnh493V4dIh4eXh1h4kJUI",
    captured_at="2026-01-02T04:04:05+01:00", camera="Canon EOS R5",
)  # fmt: skip
VARIANTS = [
    {"preset": "thumbnail", "width": 10, "height": 10, "bytes": 3},
    {"preset": "small", "width": 20, "height": 10, "bytes": 4},
]
ANSWER = {"outcome": "rendered", "facts": dataclasses.asdict(FACTS), "variants": VARIANTS}


def _with(**changed):
    return {**ANSWER, **changed}


def _fact(name, value):
    return _with(facts={**ANSWER["facts"], name: value})


def _variant(name, value):
    return _with(variants=[{**VARIANTS[0], name: value}, VARIANTS[1]])


def test_an_honest_answer_is_the_variants_and_facts():
    result = answer_checks.rendered(ANSWER, b"abcdefg", PRESETS, LIMITS)
    assert result.facts == FACTS
    assert {name: variant.data for name, variant in result.variants.items()} == {
        "thumbnail": b"abc",
        "small": b"defg",
    }


@pytest.mark.parametrize(
    ("captured_at", "camera"), [("", ""), ("2026-01-02T04:04:05", "x" * 64), ("", "é 雪 😀")]
)
def test_a_moment_and_a_camera_may_be_unknown_or_of_any_letters(captured_at, camera):
    facts = {**ANSWER["facts"], "captured_at": captured_at, "camera": camera}
    result = answer_checks.rendered(_with(facts=facts), b"abcdefg", PRESETS, LIMITS).facts
    assert (result.captured_at, result.camera) == (captured_at, camera)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        _with(facts=None),
        _with(facts={}),
        _with(facts={**ANSWER["facts"], "more": 1}),
        _with(variants=None),
        _with(variants=[]),
        _with(variants=VARIANTS[:1]),
        _with(variants=VARIANTS * 1000),
        _with(variants=VARIANTS[::-1]),
        _with(variants=[VARIANTS[0], VARIANTS[0]]),
        _with(variants=[5, "x"]),
        *(_variant("width", value) for value in (0, -1, 11, 1.5, "10", None, True, 1 << 70)),
        *(_variant("bytes", value) for value in (0, -3, 2, 5, 1 << 70, "3")),
        *(_variant("preset", value) for value in ("small", "other", None, 5)),
        *(_fact("width", value) for value in (0, 101, "5", None, True)),
        *(_fact("frames", value) for value in (0, 6)),
        *(_fact("bit_depth", value) for value in (0, 65)),
        *(_fact("has_alpha", value) for value in (0, "false", None)),
        *(_fact("format", value) for value in ("png", "P" * 99, "../x", 5)),
        *(_fact("content_type", value) for value in ("text/html", "image/png; x", "image/svg+xml\n")),
        *(_fact("dominant_color", value) for value in ("red", "#0a0b0c\n", "#" + "0" * 99)),
        *(
            _fact("captured_at", value)
            for value in ("now", "2026-01-02T04:04:05Z\n", "59.3293N18.0686E", None)
        ),
        *(_fact("camera", value) for value in ("x" * 65, "\x1b[31m", "a\n", " a", "a\u202e", None, 5)),
        *(_fact("placeholder", value) for value in ("", "<script>", "A" * 999)),
    ],
)
def test_an_answer_that_is_not_as_it_has_to_be_is_broken(answer):
    with pytest.raises(BrokenFrame):
        answer_checks.rendered(answer, b"abcdefg", PRESETS, LIMITS)


_NAMES = st.sampled_from(["facts", "variants", "preset", "width", "height", "bytes"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(_NAMES, each, max_size=4),
)


@given(st.dictionaries(_NAMES, _JSON), st.binary(max_size=9))
def test_any_json_is_an_answer_or_broken(answer, payload):
    for read in (
        lambda: answer_checks.rendered(answer, payload, PRESETS, LIMITS),
        lambda: answer_checks.rejection(answer),
        lambda: answer_checks.error(answer),
    ):
        with pytest.raises(BrokenFrame):
            read()


def test_a_rejection_has_a_reason_that_there_is_and_a_bounded_text():
    answer = {"reason": "NotAnImage", "measured": "\x1b[31m" + "x" * 10_000}
    rejection = answer_checks.rejection(answer)
    assert isinstance(rejection, NotAnImage)
    assert len(rejection.measured) == 300
    assert rejection.measured.isprintable()


@pytest.mark.parametrize(
    "answer",
    [{}, {"reason": "NotAnImage"}, {"reason": "Exception", "measured": ""}, {"reason": 5, "measured": ""}],
)
def test_a_rejection_for_no_reason_is_broken(answer):
    with pytest.raises(BrokenFrame):
        answer_checks.rejection(answer)


def test_variants_of_noise_fit_the_bound_of_an_answer():
    assert answer_checks.max_answer_bytes(PRESETS) > 10 * 10 * 4 + 20 * 20 * 4
    assert answer_checks.max_answer_bytes(PRESETS) < 200_000
    assert len(json.dumps(ANSWER)) < 1 << 16
