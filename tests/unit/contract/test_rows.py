import pytest

from handlers.contract.event_order import settles
from handlers.contract.rows import superseded_keys, timestamp, variant_keys


def row(status="READY", sequencer="05", preset_hash="p1"):
    return {"Status": status, "Sequencer": sequencer, "PresetHash": preset_hash}


@pytest.mark.parametrize(
    ("standing", "new", "answer"),
    [
        (row(sequencer="06"), row(), True),
        (row("FAILED", "06"), row(), True),
        (row(sequencer="04"), row(), False),
        (row(), row(), True),
        (row("REJECTED"), row(), True),
        (row("FAILED"), row(), False),
        (row(preset_hash="p2"), row(), False),
        (row(preset_hash="p2"), row("FAILED"), True),
        (row("FAILED"), row("FAILED"), False),
        ({"Status": "PENDING"}, row(), False),
    ],
)
def test_a_standing_row_settles_an_event_that_is_older_or_was_done_before(standing, new, answer):
    assert settles(standing, new) is answer


def test_superseded_keys_leave_out_what_the_row_still_shows():
    kept, gone = {"Key": "kept"}, {"Key": "gone"}
    shown = {"Variants": {"a": kept}, "Superseded": {"a": kept, "b": gone}}
    assert variant_keys(shown) == ("kept",)
    assert superseded_keys(shown) == ("gone",)


def test_no_row_has_no_variants():
    assert variant_keys(None) == ()


def test_a_timestamp_is_utc_with_milliseconds():
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_767_225_600.1239) == "2026-01-01T00:00:00.123Z"
