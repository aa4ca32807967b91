"""Which lane an announced image is in."""

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials

from handlers.api.presigned_posts import PresignedPosts
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import CreateUploads
from handlers.api.uploads import Uploads
from handlers.contract.keys import lane_of
from tests.unit.resize_environment import ORIGINALS, QUOTAS, api_settings

EXPRESS = 30
NOW = 1_800_000_000
FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 1234}


class Counts:
    """The table of quotas in a few words, for many calls."""

    def __init__(self):
        self.rows = {}

    def update_item(self, *, Key, ExpressionAttributeNames, ExpressionAttributeValues, **_):  # noqa: N803 - as in DynamoDB
        row = self.rows.setdefault(Key["Principal"]["S"], {})
        for name in ("images", "bytes", "express"):
            attribute = ExpressionAttributeNames[f"#{name}"]
            row[attribute] = row.get(attribute, 0) + int(ExpressionAttributeValues[f":{name}"]["N"])
        return {"Attributes": {attribute: {"N": str(count)} for attribute, count in row.items()}}


class Rows(list):
    """The table of images in a few words."""

    put_pending = list.extend

    def get_many(self, _image_ids):
        return {}


@pytest.fixture
def rows():
    return Rows()


@pytest.fixture
def uploads(clients, rows):
    table = Counts()
    limits = Amounts(images=100_000, bytes=10**12, express=EXPRESS)
    quotas = Quotas(table, QUOTAS, unrepeated=table, limits=limits, clock=lambda: NOW)
    policies = PresignedPosts(
        clients["s3"],
        bucket=ORIGINALS,
        seconds=900,
        kms_key_arn="",
        credentials=lambda: ReadOnlyCredentials("testing", "testing", None, None),
        clock=lambda: NOW,
    )
    return Uploads(rows, policies, quotas, api_settings(), clock=lambda: NOW)


def announce(uploads, *files, owner="ada", **members):
    body = msgspec.json.encode({"files": files, **members})
    return uploads.create(msgspec.json.decode(body, type=CreateUploads), owner).files


def lanes(answers):
    """The lane of each file, which its answer, its id and its policy agree about."""
    for answer in answers:
        prefix = {"express": "express/", "bulk": "uploads/"}[answer.lane]
        assert answer.upload.fields["key"] == f"{prefix}{answer.image_id}"
        assert lane_of(answer.image_id) == answer.lane
    return [answer.lane for answer in answers]


def test_the_first_images_of_a_caller_are_express_and_the_rest_is_bulk(uploads, rows):
    answers = announce(uploads, *[FILE] * 40)
    assert lanes(answers) == ["express"] * EXPRESS + ["bulk"] * 10
    assert [row["OriginalKey"] for row in rows] == [answer.upload.fields["key"] for answer in answers]


def test_another_caller_has_express_images_too(uploads):
    announce(uploads, *[FILE] * 40)
    assert lanes(announce(uploads, FILE, owner="bob")) == ["express"]


def test_what_asks_for_the_bulk_lane_gets_it_and_uses_up_nothing(uploads):
    bulk = FILE | {"lane": "bulk"}
    for _ in range(10):
        assert lanes(announce(uploads, *[bulk] * 100)) == ["bulk"] * 100
    assert lanes(announce(uploads, bulk, FILE | {"lane": "express"}, FILE)) == ["bulk", "express", "express"]


def test_a_request_asks_for_the_lane_of_all_its_files_but_those_that_name_theirs(uploads):
    answers = announce(uploads, FILE, FILE | {"lane": "express"}, FILE, lane="bulk")
    assert lanes(answers) == ["bulk", "express", "bulk"]


def test_files_that_are_refused_leave_the_express_lane_to_others(uploads):
    bad = FILE | {"contentType": "text/html"}
    announce(uploads, *[bad] * 40)
    assert lanes(announce(uploads, *[FILE] * EXPRESS)) == ["express"] * EXPRESS


def test_a_caller_that_announces_one_image_at_a_time_gets_no_more_into_the_express_lane(uploads):
    announced = [lanes(announce(uploads, FILE))[0] for _ in range(10_000)]
    assert announced == ["express"] * EXPRESS + ["bulk"] * (10_000 - EXPRESS)
