"""Rows and the metadata of originals: what was announced survives the loss of the row."""

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.api.presigned_posts import PresignedPosts
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import CreateUploads
from handlers.api.uploads import Uploads
from handlers.contract.original_metadata import HEADER_PREFIX, encode
from handlers.contract.rows import ANNOUNCED, iso_8601
from handlers.storage.buckets import GatedBuckets
from tests.unit.resize_environment import (
    MAX_RECEIVE_COUNT,
    ORIGINALS,
    QUOTAS,
    TABLE,
    VARIANTS,
    Failing,
    api_settings,
)

ROW = {
    "ImageID": "a",
    "Owner": "ada",
    "FileName": "山 holiday.jpg",
    "BatchID": "batch-of-the-owner",
    "CreatedAt": "2026-03-04T05:06:07.890Z",
}
OTHER = encode(
    ROW | {"Owner": "mallory", "FileName": "m.jpg", "BatchID": "m", "CreatedAt": "2020-01-01T00:00:00.000Z"}
)
TOO_LARGE = b"x" * 1001
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


def announced(row):
    return {name: row[name] for name in ANNOUNCED if name in row}


def forget_row(world, image_id):
    world.catalog._client.delete_item(TableName=TABLE, Key={"ImageID": {"S": image_id}})


@pytest.fixture
def uploads(world, clients):
    policies = PresignedPosts(
        clients["s3"],
        bucket=ORIGINALS,
        seconds=900,
        kms_key_arn="",
        credentials=lambda: ReadOnlyCredentials("testing", "testing", None, None),
    )
    limits = Amounts(images=1000, bytes=10**9, express=0)
    dynamodb = world.catalog._client
    quotas = Quotas(dynamodb, QUOTAS, unrepeated=dynamodb, limits=limits)
    return Uploads(world.catalog, policies, quotas, api_settings())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    owner=TEXT.filter(lambda text: len(text.encode()) <= 512),
    name=TEXT.filter(lambda text: len(text) <= 1024),
    batch_id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    data=st.sampled_from([b"pixels", b"not an image", TOO_LARGE]),
)
def test_a_row_written_from_the_object_is_the_row_that_was_announced(
    world, uploads, *, owner, name, batch_id, data
):
    file = {"name": name, "contentType": "image/png", "bytes": len(data)}
    body = msgspec.json.encode({"files": [file], "batchId": batch_id})
    [answer] = uploads.create(msgspec.json.decode(body, type=CreateUploads), owner).files
    fields = answer.upload.fields
    metadata = {
        key.removeprefix(HEADER_PREFIX): value
        for key, value in fields.items()
        if key.startswith(HEADER_PREFIX)
    }
    record = world.upload(answer.image_id, data, metadata)
    world.deliver(record)
    before = world.row(answer.image_id)
    assert (before["Owner"], before["BatchID"]) == (owner, batch_id)
    forget_row(world, answer.image_id)
    world.deliver(record)
    after = world.row(answer.image_id)
    assert after | {"ProcessedAt": ""} == before | {"ProcessedAt": ""}


def test_an_upload_whose_row_expired_or_was_deleted_keeps_its_owner_name_and_batch(world):
    world.deliver(world.upload("a", metadata=encode(ROW)))
    row = world.row("a")
    assert (row["Status"], announced(row)) == ("READY", announced(ROW))


def test_an_upload_after_a_deletion_is_its_owners(world):
    world.catalog.put_pending([ROW | {"ExpiresAt": 1}])
    world.deliver(world.upload("a", metadata=encode(ROW)))
    world.deliver(world.remove("a"))
    assert world.is_deleted("a")
    world.deliver(world.upload("a", metadata=encode(ROW)))
    assert announced(world.row("a")) == announced(ROW)


@pytest.mark.parametrize("absent", [(), ("FileName",), ("BatchID",), ("FileName", "BatchID")])
@pytest.mark.parametrize("data", [b"pixels", b"not an image", TOO_LARGE])
def test_an_announced_row_wins_over_metadata_that_says_something_else(world, absent, data):
    row = {name: value for name, value in ROW.items() if name not in absent}
    world.catalog.put_pending([row | {"ExpiresAt": 1}])
    world.deliver(world.upload("a", data, OTHER))
    assert announced(world.row("a")) == announced(row)


def test_a_row_that_expires_while_its_image_is_rendered_is_written_as_it_was_announced(world):
    row = {name: value for name, value in ROW.items() if name != "BatchID"}
    world.catalog.put_pending([row | {"ExpiresAt": 1}])
    world.render.meanwhile = lambda: forget_row(world, "a")
    assert world.deliver(world.upload("a", metadata=OTHER)) == ["done Ready"]
    assert announced(world.row("a")) == announced(row)


@pytest.mark.parametrize(("data", "reason"), [(b"not an image", "NotAnImage"), (TOO_LARGE, "TooLarge")])
def test_a_rejected_image_without_a_row_keeps_its_owner_and_times(world, data, reason):
    world.deliver(world.upload("a", data, encode(ROW)))
    row = world.row("a")
    assert (row["Reason"], announced(row)) == (reason, announced(ROW))
    uploaded = world.s3.head_object(Bucket=ORIGINALS, Key="uploads/a")["LastModified"]
    assert (row["UploadedAt"], row["ContentType"]) == (iso_8601(uploaded), "image/png")


def test_a_failed_image_without_a_row_keeps_its_owner(world):
    world.render.error = RuntimeError()
    world.deliver(world.upload("a", metadata=encode(ROW)), attempt=MAX_RECEIVE_COUNT)
    row = world.row("a")
    assert (row["Status"], announced(row)) == ("FAILED", announced(ROW))


def test_an_image_that_failed_because_s3_did_not_answer_gets_its_owner_when_it_does(world):
    record = world.upload("a", metadata=encode(ROW))
    worker = world.worker(storage=Failing(world.storage, "fetch", "describe", "exists"))
    world.deliver(record, attempt=MAX_RECEIVE_COUNT, worker=worker)
    assert world.row("a")["Status"] == "FAILED"
    assert "Owner" not in world.row("a")
    assert world.deliver(record) == ["done Ready"]
    assert announced(world.row("a")) == announced(ROW)


def test_a_dropped_file_has_no_owner_and_was_created_when_it_was_uploaded(world):
    world.deliver(world.upload("a", metadata={"owner": "bob", "file-name": "bob.jpg"}))
    row = world.row("a")
    assert announced(row) == {"CreatedAt": row["UploadedAt"]}


@pytest.mark.parametrize("code", ["403", "AccessDenied"])
def test_nothing_is_known_of_an_original_that_a_scan_did_not_find_clean(world, code):
    world.upload("a", metadata=encode(ROW))
    denied = ClientError({"Error": {"Code": code, "Message": ""}}, "HeadObject")
    failing = Failing(world.s3, "head_object", error=denied)
    storage = GatedBuckets(failing, originals_bucket=ORIGINALS, variants_bucket=VARIANTS)
    assert storage.describe("uploads/a") == {}


def test_an_original_is_described_by_its_type_its_time_and_its_announcement(world):
    world.upload("a", metadata=encode(ROW))
    described = world.storage.describe("uploads/a")
    assert announced(described) == announced(ROW)
    assert set(described) == {*announced(ROW), "ContentType", "UploadedAt"}
    assert world.storage.describe("uploads/none") == {}


def test_neither_owner_nor_name_is_logged(world, capsys):
    world.render.error = RuntimeError()
    world.deliver(world.upload("a", metadata=encode(ROW)), attempt=MAX_RECEIVE_COUNT)
    world.render.error = None
    world.deliver(world.upload("b", b"not an image", encode(ROW)))
    world.deliver(world.upload("c", metadata=encode(ROW)))
    said = repr(world.lines) + "".join(capsys.readouterr())
    assert not any(each in said for each in ("ada", "holiday", *encode(ROW).values()))
