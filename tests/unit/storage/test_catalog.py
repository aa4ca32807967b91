import re

import pytest
from botocore.exceptions import ClientError

from handlers.contract.indexes import INDEXES, shard_of
from handlers.storage.catalog import Catalog, CommitRefused, Committed, RowChanged
from tests.unit.resize_environment import TABLE, Failing

VARIANT = {
    "Key": "resized/a/old/thumbnail.jpg",
    "Width": 1,
    "Height": 2,
    "Bytes": 3,
    "ContentType": "image/jpeg",
}
NEW_VARIANT = VARIANT | {"Key": "resized/a/new/thumbnail.jpg"}
PENDING = {
    "ImageID": "a",
    "OriginalKey": "uploads/a",
    "FileName": "holiday.jpg",
    "BatchID": "b1",
    "ContentType": "image/png",
    "CreatedAt": "2026-01-01T00:00:00.000Z",
    "ExpiresAt": 1_800_000_000,
}


def ready(sequencer="05", preset_hash="p1", variant=VARIANT, **changes):
    row = {
        "ImageID": "a",
        "Status": "READY",
        "Sequencer": sequencer,
        "PresetHash": preset_hash,
        "Bucket": "variants",
        "ResizedImageKey": variant["Key"],
        "Variants": {"thumbnail": variant},
        "Width": 640,
        "HasAlpha": False,
        "Attempts": 1,
    }
    return row | changes


def rejected(sequencer="05", preset_hash="p1"):
    return {
        "ImageID": "a",
        "Status": "REJECTED",
        "Sequencer": sequencer,
        "PresetHash": preset_hash,
        "Reason": "NotAnImage",
        "Attempts": 1,
    }


def failed(sequencer="05", preset_hash="p1"):
    row = {"Status": "FAILED", "Reason": "ClientError", "Error": "An error occurred", "Attempts": 5}
    return {"ImageID": "a", "Sequencer": sequencer, "PresetHash": preset_hash} | row


@pytest.fixture
def catalog(dynamodb):
    return Catalog(dynamodb, TABLE)


def given(row):
    """What was written, without what the catalog adds by itself."""
    added = {"CreatedAt", "ProcessedAt", "Shard"}
    return {name: value for name, value in row.items() if name not in added}


def test_a_row_that_is_not_there_is_none(catalog):
    assert catalog.get("a") is None


def test_a_pending_row_reads_back_as_it_was_written(catalog):
    catalog.put_pending([PENDING])
    assert catalog.get("a") == PENDING | {"Status": "PENDING", "Shard": shard_of("a")}


def test_a_committed_row_reads_back_with_plain_numbers_and_booleans(catalog):
    assert catalog.commit(ready(), None) == Committed(superseded=())
    row = catalog.get("a")
    assert given(row) == ready()
    assert type(row["Width"]) is int
    assert row["HasAlpha"] is False
    assert type(row["Variants"]["thumbnail"]["Bytes"]) is int


def test_settling_keeps_what_was_announced_and_ends_the_expiry(catalog):
    catalog.put_pending([PENDING])
    catalog.commit(ready(), catalog.get("a"))
    row = catalog.get("a")
    for name in ("FileName", "BatchID", "CreatedAt", "OriginalKey"):
        assert row[name] == PENDING[name]
    assert "ExpiresAt" not in row
    assert row["Status"] == "READY"


@pytest.mark.parametrize("settle", [lambda c: c.commit(rejected(), None), lambda c: c.fail(failed())])
def test_a_pending_row_that_ends_badly_does_not_expire_either(catalog, settle):
    catalog.put_pending([PENDING])
    settle(catalog)
    assert "ExpiresAt" not in catalog.get("a")


def test_an_image_that_was_never_announced_gets_a_creation_time_of_its_own(catalog):
    catalog.commit(ready(), None)
    row = catalog.get("a")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["CreatedAt"])
    assert row["ProcessedAt"] == row["CreatedAt"]


def test_a_newer_row_replaces_an_older_one_and_names_what_it_supersedes(catalog):
    catalog.commit(ready("05"), None)
    answer = catalog.commit(ready("06", variant=NEW_VARIANT), catalog.get("a"))
    assert answer == Committed(superseded=(VARIANT["Key"],))
    row = catalog.get("a")
    assert row["Variants"] == {"thumbnail": NEW_VARIANT}
    assert row["Superseded"] == {"thumbnail": VARIANT}


def test_a_rejection_removes_what_the_rendering_before_it_said(catalog):
    catalog.commit(ready("05", VersionId="v1", Placeholder="AA"), None)
    answer = catalog.commit(rejected("06"), catalog.get("a"))
    assert answer == Committed(superseded=(VARIANT["Key"],))
    row = given(catalog.get("a"))
    assert row == rejected("06") | {"Superseded": {"thumbnail": VARIANT}}


def test_a_success_removes_the_reason_and_the_error_of_the_failure_before_it(catalog):
    catalog.fail(failed("05"))
    catalog.commit(ready("05"), catalog.get("a"))
    assert given(catalog.get("a")) == ready("05")


@pytest.mark.parametrize("standing", [ready("06"), rejected("06"), failed("06")])
@pytest.mark.parametrize("late", [ready("05"), rejected("05"), ready("05", "p2")])
def test_an_older_event_never_overwrites_a_newer_row(catalog, standing, late):
    if standing["Status"] == "FAILED":
        catalog.fail(standing)
    else:
        catalog.commit(standing, None)
    before = catalog.get("a")
    assert catalog.commit(late, None) == CommitRefused(row=before)
    assert catalog.get("a") == before


@pytest.mark.parametrize("again", [ready(variant=NEW_VARIANT), rejected()])
@pytest.mark.parametrize("standing", [ready(), rejected()])
def test_the_same_event_with_the_same_presets_is_refused(catalog, standing, again):
    catalog.commit(standing, None)
    assert isinstance(catalog.commit(again, catalog.get("a")), CommitRefused)
    assert given(catalog.get("a")) == standing


def test_the_same_event_with_other_presets_is_rendered_anew(catalog):
    catalog.commit(ready(), None)
    answer = catalog.commit(ready(preset_hash="p2", variant=NEW_VARIANT), catalog.get("a"))
    assert answer == Committed(superseded=(VARIANT["Key"],))
    assert catalog.get("a")["PresetHash"] == "p2"


def test_sequencers_are_compared_as_text(catalog):
    catalog.commit(ready("9"), None)
    assert isinstance(catalog.commit(ready("10"), catalog.get("a")), CommitRefused)
    assert isinstance(catalog.commit(ready("91"), catalog.get("a")), Committed)


def test_a_row_whose_variants_were_not_seen_when_it_was_read_calls_for_a_new_look(catalog):
    catalog.commit(ready("05"), None)
    with pytest.raises(RowChanged, match="a"):
        catalog.commit(ready("06", variant=NEW_VARIANT), None)
    assert catalog.get("a")["Variants"] == {"thumbnail": VARIANT}


def test_a_row_that_went_since_it_was_read_calls_for_a_new_look(catalog):
    with pytest.raises(RowChanged):
        catalog.commit(ready("06"), ready("05"))
    assert catalog.get("a") is None


def test_superseded_variants_that_still_stand_call_for_a_new_look(catalog):
    catalog.commit(ready("05"), None)
    catalog.commit(ready("06", variant=NEW_VARIANT), catalog.get("a"))
    with pytest.raises(RowChanged):
        catalog.commit(ready("07"), catalog.get("a"))
    assert catalog.get("a")["Superseded"] == {"thumbnail": VARIANT}


def test_superseded_variants_are_forgotten_of_the_row_given(catalog):
    catalog.commit(ready("05"), None)
    catalog.commit(ready("06", variant=NEW_VARIANT), catalog.get("a"))
    catalog.forget_superseded(ready("06"))
    assert "Superseded" not in catalog.get("a")


@pytest.mark.parametrize("other", [ready("05"), ready("06", "p2")])
def test_superseded_variants_of_another_row_are_not_forgotten(catalog, other):
    catalog.commit(ready("05"), None)
    catalog.commit(ready("06", variant=NEW_VARIANT), catalog.get("a"))
    catalog.forget_superseded(other)
    assert "Superseded" in catalog.get("a")


def test_forgetting_does_not_bring_a_deleted_row_back(catalog):
    catalog.forget_superseded(ready())
    assert catalog.get("a") is None


def test_a_failure_is_recorded_with_its_reason(catalog):
    catalog.put_pending([PENDING])
    assert catalog.fail(failed()) == Committed(superseded=())
    assert catalog.get("a").items() >= failed().items()


def test_a_failure_of_a_newer_image_keeps_the_variants_of_the_older(catalog):
    catalog.commit(ready("05"), None)
    catalog.fail(failed("06"))
    row = catalog.get("a")
    assert (row["Status"], row["Variants"]) == ("FAILED", {"thumbnail": VARIANT})


@pytest.mark.parametrize("standing", [ready(), rejected(), ready("06"), rejected("06")])
def test_a_failure_does_not_hide_what_the_table_knows_better(catalog, standing):
    catalog.commit(standing, None)
    before = catalog.get("a")
    assert catalog.fail(failed("05")) == CommitRefused(row=before)
    assert catalog.get("a") == before


def test_a_failure_may_be_recorded_again(catalog):
    catalog.fail(failed())
    assert isinstance(catalog.fail(failed() | {"Attempts": 6}), Committed)
    assert catalog.get("a")["Attempts"] == 6


def deleted(sequencer="06", **changes):
    return {"ImageID": "a", "OriginalKey": "uploads/a", "Sequencer": sequencer, "ExpiresAt": 7} | changes


@pytest.mark.parametrize("row", [ready(), rejected()])
def test_a_deletion_keeps_what_was_announced_and_the_variants_that_must_go(catalog, row):
    catalog.put_pending([PENDING])
    catalog.commit(row, catalog.get("a"))
    answer = catalog.mark_deleted(deleted())
    assert answer == catalog.get("a")
    kept = {name: PENDING[name] for name in ("FileName", "BatchID", "CreatedAt", "ContentType")}
    variants = {"Variants": row["Variants"]} if "Variants" in row else {}
    assert answer == kept | variants | deleted(
        Status="DELETED", PresetHash="p1", DeletedAt=answer["DeletedAt"]
    )


def test_an_image_without_a_row_can_be_deleted(catalog):
    answer = catalog.mark_deleted(deleted())
    assert answer == deleted(Status="DELETED", DeletedAt=answer["DeletedAt"])


def test_a_deleted_image_is_in_no_index(catalog, dynamodb):
    catalog.put_pending([PENDING | {"Owner": "ada"}])
    catalog.mark_deleted(deleted())
    for index in INDEXES:
        assert dynamodb.scan(TableName=TABLE, IndexName=index.name)["Items"] == []


@pytest.mark.parametrize("sequencer", ["05", "04", "0"])
def test_a_row_as_new_as_a_deletion_or_newer_is_not_deleted(catalog, sequencer):
    catalog.commit(ready("05"), None)
    before = catalog.get("a")
    with pytest.raises(RowChanged, match="a"):
        catalog.mark_deleted(deleted(sequencer))
    assert catalog.get("a") == before


def test_a_deletion_is_recorded_once_and_a_later_one_keeps_its_time(catalog):
    first = catalog.mark_deleted(deleted("05"))
    assert catalog.mark_deleted(deleted("06"))["DeletedAt"] == first["DeletedAt"]
    assert catalog.mark_deleted(deleted("07", DeletedAt="later"))["DeletedAt"] == "later"


@pytest.mark.parametrize("late", [ready("05"), ready("06"), ready("06", "p2"), rejected("06")])
def test_no_row_about_an_upload_before_a_deletion_is_written(catalog, late):
    catalog.commit(rejected("05"), None)
    before = catalog.mark_deleted(deleted("06"))
    assert catalog.commit(late, before) == CommitRefused(row=before)
    assert catalog.fail(failed("06")) == CommitRefused(row=before)
    assert catalog.get("a") == before


@pytest.mark.parametrize("settle", [lambda c: c.commit(rejected("07"), None), lambda c: c.fail(failed("07"))])
def test_an_upload_after_a_deletion_makes_an_image_of_it_again(catalog, settle):
    catalog.put_pending([PENDING])
    catalog.mark_deleted(deleted("06", Erased=True))
    settle(catalog)
    row = catalog.get("a")
    assert (row["FileName"], row["Shard"]) == (PENDING["FileName"], shard_of("a"))
    assert not {"DeletedAt", "Erased", "ExpiresAt"} & row.keys()


def test_a_deleted_image_forgets_what_was_removed(catalog):
    catalog.commit(ready("05"), None)
    row = catalog.mark_deleted(deleted("06"))
    catalog.forget(row, ("Variants", "Superseded"))
    assert catalog.get("a") == {name: value for name, value in row.items() if name != "Variants"}


def test_nothing_is_forgotten_of_a_row_that_changed(catalog):
    catalog.commit(ready("05"), None)
    row = catalog.mark_deleted(deleted("06"))
    catalog.mark_deleted(deleted("07"))
    catalog.forget(row, ("Variants",))
    assert "Variants" in catalog.get("a")
    catalog.commit(ready("08", variant=NEW_VARIANT), catalog.get("a"))
    catalog.forget(row | {"Sequencer": "08"}, ("Variants",))
    assert "Variants" in catalog.get("a")


def test_every_read_is_consistent(catalog, dynamodb):
    sent = []
    name = "before-parameter-build.dynamodb.GetItem"
    dynamodb.meta.events.register(name, record := lambda params, **_: sent.append(params))
    try:
        catalog.get("a")
    finally:
        dynamodb.meta.events.unregister(name, record)
    assert [request["ConsistentRead"] for request in sent] == [True]


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("get_item", lambda catalog: catalog.get("a")),
        ("update_item", lambda catalog: catalog.commit(ready(), None)),
        ("update_item", lambda catalog: catalog.fail(failed())),
        ("update_item", lambda catalog: catalog.forget_superseded(ready())),
        ("update_item", lambda catalog: catalog.mark_deleted(deleted())),
        ("update_item", lambda catalog: catalog.forget(deleted(), ("Variants",))),
        ("batch_write_item", lambda catalog: catalog.put_pending([PENDING])),
    ],
)
def test_every_other_error_of_the_table_reaches_the_caller(dynamodb, method, call):
    with pytest.raises(ClientError, match="Rate exceeded"):
        call(Catalog(Failing(dynamodb, method), TABLE))
