import json

from hypothesis import example, given
from hypothesis import strategies as st

from handlers.contract.event_order import comparable, just_after
from handlers.contract.s3_events import parse_message
from imagectl.operations import synthetic_events

SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=32).map(comparable)


@given(SEQUENCERS)
def test_the_sequencer_before_any_is_not_after_any_of_s3(sequencer):
    assert comparable(synthetic_events.BEFORE_ANY) <= sequencer


@given(SEQUENCERS, SEQUENCERS)
@example("0055AED6DCD9028", "0055AED6DCD902800F")  # the zeros between them were cut off the first
def test_nothing_of_s3_lies_between_a_sequencer_and_the_one_just_after(one, other):
    after = comparable(just_after(one))
    assert one < after
    assert (other > one) == (other > after)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_the_worker_reads_an_event_as_it_was_meant(image_id):
    body = synthetic_events.body(
        "originals",
        image_id,
        kind="created",
        sequencer="0A",
        time="2026-01-02T03:04:05.678Z",
        size=7,
        etag="e",
        version_id="v",
    )
    [event] = parse_message(body)
    assert (event.kind, event.bucket, event.key) == ("created", "originals", f"uploads/{image_id}")
    assert (event.sequencer, event.size, event.etag, event.version_id) == ("0A", 7, "e", "v")


def test_the_event_of_a_row_says_what_the_first_one_said(world):
    record = world.upload("a b")
    world.deliver(record)
    world.date_back("a b", record["eventTime"])
    [again] = json.loads(synthetic_events.of_row("originals", world.row("a b")))["Records"]
    described = again["s3"]["object"]
    assert {**described, "sequencer": comparable(record["s3"]["object"]["sequencer"])} == {
        **record["s3"]["object"],
        "sequencer": described["sequencer"],
    }
    assert (again["eventName"], again["eventTime"]) == (record["eventName"], record["eventTime"])
