import re
from datetime import datetime

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials

from handlers.api.presigned_posts import Announced, PresignedPosts
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import CreateUploads
from handlers.api.responses import RefusedFile
from handlers.api.uploads import Uploads, new_id
from handlers.contract.original_metadata import HEADER_PREFIX, decode, encode
from handlers.storage.catalog import Catalog
from tests.unit.resize_environment import ORIGINALS, QUOTAS, TABLE, api_settings

NOW = datetime.fromisoformat("2026-03-04T05:06:07.890Z").timestamp()
LIMITS = Amounts(images=1000, bytes=10**9, express=30)
FILE = {"name": "山 holiday.jpg", "contentType": "image/jpeg", "bytes": 1234}


@pytest.fixture
def catalog(dynamodb):
    return Catalog(dynamodb, TABLE)


@pytest.fixture
def uploads(clients, dynamodb, catalog, counted):
    quotas = Quotas(dynamodb, QUOTAS, unrepeated=dynamodb, limits=LIMITS)
    policies = PresignedPosts(
        clients["s3"],
        bucket=ORIGINALS,
        seconds=900,
        kms_key_arn="",
        credentials=lambda: ReadOnlyCredentials("testing", "testing", None, None),
    )
    return Uploads(catalog, policies, quotas, api_settings(), clock=lambda: NOW, count=counted.append)


@pytest.fixture
def counted():
    """How many images were announced, call by call."""
    return []


def wanted(*files, **members):
    return msgspec.json.decode(msgspec.json.encode({"files": files, **members}), type=CreateUploads)


def test_announced_files_are_pending_rows_that_expire(uploads, catalog):
    [file] = uploads.create(wanted(FILE, batchId="b1"), "owner").files
    row = catalog.get(file.image_id)
    assert (
        row.items()
        >= {
            "ImageID": file.image_id,
            "Status": "PENDING",
            "OriginalKey": f"express/{file.image_id}",
            "FileName": "山 holiday.jpg",
            "ContentType": "image/jpeg",
            "BatchID": "b1",
            "Owner": "owner",
            "CreatedAt": "2026-03-04T05:06:07.890Z",
            "ExpiresAt": int(NOW) + 3600,
        }.items()
    )
    assert not {"Sequencer", "Bytes", "Variants"} & set(row)


def test_the_answers_come_in_the_order_of_the_files(uploads, catalog):
    files = [FILE | {"name": f"{number}"} for number in range(60)]
    image_ids = [file.image_id for file in uploads.create(wanted(*files), "owner").files]
    assert [catalog.get(image_id)["FileName"] for image_id in image_ids] == [file["name"] for file in files]
    assert image_ids == sorted(image_ids)


def test_a_file_that_is_refused_leaves_no_row_and_no_policy(uploads, dynamodb):
    [file] = uploads.create(wanted(FILE | {"contentType": "text/html"}), "owner").files
    assert isinstance(file, RefusedFile)
    assert file.error.status == 415
    assert dynamodb.scan(TableName=TABLE, Select="COUNT")["Count"] == 0


def test_an_image_that_is_sent_alone_has_no_batch_and_needs_no_name(uploads, catalog):
    announced = uploads.announce(Announced(name="", content_type="image/png", size=1), "bulk", "owner")
    row = catalog.get(announced["ImageID"])
    assert (row["Status"], row["Owner"]) == ("PENDING", "owner")
    assert not {"FileName", "BatchID"} & set(row)


@pytest.mark.parametrize(
    ("name", "kept"), [("山" * 400, "山" * 170), ("x" * 600, "x" * 512), ("é" * 256, "é" * 256)]
)
def test_a_long_name_is_cut_at_a_character_in_row_and_policy_alike(uploads, catalog, name, kept):
    [file] = uploads.create(wanted(FILE | {"name": name}), "owner").files
    row = catalog.get(file.image_id)
    assert row["FileName"] == kept
    bound = {key: file.upload.fields[HEADER_PREFIX + key] for key in encode(row)}
    assert decode(bound) == {each: row[each] for each in ("Owner", "FileName", "BatchID", "CreatedAt")}


def test_ids_are_time_ordered_and_unguessable():
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert len({image_id[-12:] for image_id in ids}) == 1000
    assert all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", image_id) for image_id in ids)


def test_announced_images_are_counted_and_not_those_that_were_refused(uploads, counted):
    uploads.create(wanted(FILE, {**FILE, "contentType": "text/plain"}, FILE), "owner")
    uploads.announce(Announced(name="a.jpg", content_type="image/jpeg", size=1), "express", "owner")
    assert counted == [2, 1]


def test_an_image_that_is_signed_anew_is_not_announced_again(uploads, counted):
    [file] = uploads.create(wanted(FILE), "owner").files
    uploads.create(wanted({**FILE, "imageId": file.image_id}), "owner")
    assert sum(counted) == 1
