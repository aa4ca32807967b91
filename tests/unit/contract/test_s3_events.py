import contextlib
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.event_order import comparable
from handlers.contract.s3_events import MalformedMessage, ObjectEvent, parse_message
from tests.unit.resize_environment import s3_record

SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=18)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def parse(*records):
    return parse_message(json.dumps({"Records": list(records)}))


def the_only(record):
    [event] = parse(record)
    return event


def test_an_object_created_record_becomes_an_event_with_everything_the_worker_needs():
    record = s3_record(
        "uploads/a", sequencer="0055AED6DCD90281E5", size=9, eTag="d41d8cd9", versionId="096fKKXTRTtl3"
    )
    assert the_only(record) == ObjectEvent(
        kind="created",
        bucket="originals",
        key="uploads/a",
        sequencer="0055AED6DCD90281E5",
        size=9,
        etag="d41d8cd9",
        version_id="096fKKXTRTtl3",
        time="2026-01-02T03:04:05.678Z",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:Put", "created"),
        ("ObjectCreated:Post", "created"),
        ("ObjectCreated:Copy", "created"),
        ("ObjectCreated:CompleteMultipartUpload", "created"),
        ("s3:ObjectCreated:Put", "created"),
        ("ObjectRemoved:Delete", "removed"),
        ("ObjectRemoved:DeleteMarkerCreated", "removed"),
    ],
)
def test_the_family_of_the_event_name_decides_what_happened(name, kind):
    assert the_only(s3_record("uploads/a", event=name)).kind == kind


@pytest.mark.parametrize(
    "name", ["LifecycleExpiration:Delete", "ObjectTagging:Put", "ObjectRestore:Completed", "ObjectCreatedX"]
)
def test_events_of_other_families_are_left_out(name):
    assert parse(s3_record("uploads/a", event=name)) == ()


def test_a_removal_has_no_size_and_no_etag():
    removal = the_only(s3_record("uploads/a", event="ObjectRemoved:Delete"))
    assert (removal.size, removal.etag, removal.version_id) == (0, "", None)


def test_the_test_event_of_a_new_notification_holds_no_events():
    body = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "originals", "Time": "2026-01-01"}
    assert parse_message(json.dumps(body)) == ()


def test_all_records_of_a_message_are_returned_in_their_order():
    keys = [f"uploads/{number}" for number in range(5)]
    assert [event.key for event in parse(*map(s3_record, keys))] == keys


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("uploads/my+holiday.jpg", "uploads/my holiday.jpg"),
        ("uploads/my%20holiday.jpg", "uploads/my holiday.jpg"),
        ("uploads/1%2B1.jpg", "uploads/1+1.jpg"),
        ("uploads/100%25.jpg", "uploads/100%.jpg"),
        ("uploads/a%252Fb", "uploads/a%2Fb"),
        ("uploads/2026/01/a.jpg", "uploads/2026/01/a.jpg"),
        ("uploads/2026%2F01%2Fa.jpg", "uploads/2026/01/a.jpg"),
        ("uploads/%E5%B1%B1.jpg", "uploads/山.jpg"),
        ("uploads/%F0%9F%98%80.jpg", "uploads/😀.jpg"),
        ("uploads/e%CC%81.jpg", "uploads/e\u0301.jpg"),
        ("uploads/%26%3D%3F%23.jpg", "uploads/&=?#.jpg"),
    ],
)
def test_keys_are_decoded_as_s3_encodes_them(written, key):
    record = s3_record("")
    record["s3"]["object"]["key"] = written
    assert the_only(record).key == key


@given(st.text(), st.sampled_from([lambda key: quote_plus(key, safe="/"), quote, lambda key: quote(key, "")]))
def test_every_key_survives_encoding_and_decoding(key, encode):
    record = s3_record("")
    record["s3"]["object"]["key"] = encode(key)
    assert the_only(record).key == key


@pytest.mark.parametrize(
    ("version_id", "version"), [("v1", "v1"), (None, "etag"), ("null", "etag"), ("", "etag")]
)
def test_the_version_is_the_version_id_or_else_the_etag(version_id, version):
    assert the_only(s3_record("uploads/a", eTag='"etag"', versionId=version_id)).version == version


def test_a_record_without_version_id_has_none():
    assert the_only(s3_record("uploads/a")).version_id is None


def extended(parts):
    """A sequencer, and one that only differs from it in being longer."""
    return parts[0], "".join(parts)


@given(st.tuples(SEQUENCERS, SEQUENCERS) | st.tuples(SEQUENCERS, st.text("01", max_size=4)).map(extended))
def test_comparable_sequencers_are_in_the_order_that_s3_documents(sequencers):
    one, other = sequencers
    length = max(len(one), len(other))
    padded = one.ljust(length, "0"), other.ljust(length, "0")
    ours = comparable(one), comparable(other)
    assert (ours[0] < ours[1]) == (padded[0] < padded[1])
    assert (ours[0] == ours[1]) == (padded[0] == padded[1])


@given(SEQUENCERS)
def test_the_case_of_a_sequencer_does_not_matter(sequencer):
    assert comparable(sequencer.lower()) == comparable(sequencer)


@given(SEQUENCERS)
def test_a_comparable_sequencer_is_its_own_comparable_form(sequencer):
    assert comparable(comparable(sequencer)) == comparable(sequencer)


@pytest.mark.parametrize("sequencer", ["", "xyz", "00 1", "0x1", "-1", "00\n"])
def test_a_sequencer_that_is_not_hexadecimal_is_malformed(sequencer):
    with pytest.raises(ValueError, match="hexadecimal"):
        comparable(sequencer)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"Records": null}',
        '{"Records": {}}',
        '{"Event": "s3:OtherEvent"}',
        "[" * 100_000,
    ],
)
def test_a_body_that_is_no_s3_event_is_malformed(body):
    with pytest.raises(MalformedMessage):
        parse_message(body)


@pytest.mark.parametrize(
    "change",
    [
        {"key": None},
        {"key": 5},
        {"key": "uploads/%FF"},
        {"key": "uploads/\ud800"},
        {"sequencer": None},
        {"sequencer": "not hex"},
        {"size": "many"},
        {"size": float("inf")},
        {"size": float("nan")},
        {"size": None},
    ],
)
def test_a_record_with_an_unusable_member_is_malformed(change):
    record = s3_record("uploads/a")
    record["s3"]["object"] |= change
    assert isinstance(the_only(record), MalformedMessage)


@pytest.mark.parametrize(
    "record", [None, 1, "text", [], {}, {"eventName": 5}, {"eventName": "ObjectCreated:Put"}]
)
def test_a_record_that_is_none_is_malformed(record):
    assert isinstance(the_only(record), MalformedMessage)


def test_a_malformed_record_does_not_hide_its_neighbours():
    first, broken, last = parse(s3_record("uploads/first"), {}, s3_record("uploads/last"))
    assert (first.key, last.key) == ("uploads/first", "uploads/last")
    assert isinstance(broken, MalformedMessage)


@given(JSON)
def test_any_json_is_either_parsed_or_malformed(document):
    for body in (document, {"Records": document}, {"Records": [document]}):
        with contextlib.suppress(MalformedMessage):
            assert isinstance(parse_message(json.dumps(body)), tuple)
