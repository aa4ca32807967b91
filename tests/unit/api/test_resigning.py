"""Signing uploads again that were announced before."""

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials

from handlers.api.presigned_posts import PresignedPosts
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import CreateUploads
from handlers.api.responses import AcceptedFile, RefusedFile
from handlers.api.uploads import Uploads
from handlers.contract.original_metadata import encode
from handlers.storage.catalog import Catalog
from tests.unit.resize_environment import ORIGINALS, QUOTAS, TABLE, api_settings

FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 1234}
START = 1_800_000_000


class Clock:
    now = START

    def __call__(self):
        return self.now


@pytest.fixture
def catalog(dynamodb):
    return Catalog(dynamodb, TABLE)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def uploads(clients, dynamodb, catalog, clock):
    limits = Amounts(images=1000, bytes=10**9, express=30)
    quotas = Quotas(dynamodb, QUOTAS, unrepeated=dynamodb, limits=limits, clock=clock)
    policies = PresignedPosts(
        clients["s3"],
        bucket=ORIGINALS,
        seconds=900,
        kms_key_arn="",
        credentials=lambda: ReadOnlyCredentials("testing", "testing", None, None),
        clock=clock,
    )
    return Uploads(catalog, policies, quotas, api_settings(), clock=clock)


def ask(uploads, *files, owner="ada", batch_id="b1"):
    body = msgspec.json.encode({"files": files, "batchId": batch_id})
    return uploads.create(msgspec.json.decode(body, type=CreateUploads), owner).files


@pytest.fixture
def image_id(uploads):
    [answer] = ask(uploads, FILE)
    return answer.image_id


def refusal(answer):
    assert isinstance(answer, RefusedFile)
    return answer.error.status, answer.error.type.removeprefix("urn:image-intake:problem:")


def test_the_new_policy_is_for_the_same_image_and_lives_from_now_on(uploads, clock, image_id):
    clock.now += 1000
    [answer] = ask(uploads, FILE | {"imageId": image_id})
    assert answer.image_id == image_id
    assert answer.upload.fields["key"] == f"express/{image_id}"
    assert answer.upload.expires_at == "2027-01-15T08:31:40.000Z"


@pytest.mark.parametrize(("lane", "prefix"), [("express", "express/"), ("bulk", "uploads/")])
@pytest.mark.parametrize("asked", ["express", "bulk", None])
def test_an_image_remains_in_its_lane_whatever_the_new_policy_is_asked_for(uploads, lane, prefix, asked):
    [file] = ask(uploads, FILE | {"lane": lane})
    [answer] = ask(uploads, FILE | {"imageId": file.image_id} | ({"lane": asked} if asked else {}))
    assert (file.lane, answer.lane, answer.image_id) == (lane, lane, file.image_id)
    assert file.upload.fields["key"] == answer.upload.fields["key"] == f"{prefix}{file.image_id}"


def test_an_image_that_is_signed_again_takes_nothing_of_the_express_lane(uploads, image_id):
    for _ in range(40):
        ask(uploads, FILE | {"imageId": image_id})
    assert [answer.lane for answer in ask(uploads, *[FILE] * 30)] == ["express"] * 29 + ["bulk"]


def test_the_new_policy_binds_what_the_row_says_and_not_what_is_said_now(uploads, catalog, image_id):
    [answer] = ask(uploads, FILE | {"imageId": image_id, "name": "another.jpg"}, batch_id="another")
    metadata = {
        name.removeprefix("x-amz-meta-"): value
        for name, value in answer.upload.fields.items()
        if name.startswith("x-amz-meta-")
    }
    assert metadata == encode(catalog.get(image_id))


def test_a_row_with_plenty_of_time_left_is_not_written(uploads, clock, catalog, image_id):
    before = catalog.get(image_id)
    clock.now += 1000
    ask(uploads, FILE | {"imageId": image_id})
    assert catalog.get(image_id) == before


def test_a_row_in_its_second_half_is_given_its_whole_time_again(uploads, clock, catalog, image_id):
    before = catalog.get(image_id)
    clock.now += 1801
    ask(uploads, FILE | {"imageId": image_id})
    assert catalog.get(image_id) == before | {"ExpiresAt": clock.now + 3600}


def test_an_image_of_somebody_else_and_one_that_never_was_are_unknown(uploads, image_id):
    for file, owner in [
        (FILE | {"imageId": image_id}, "bob"),
        (FILE | {"imageId": "never-was"}, "ada"),
        (FILE | {"imageId": "x" * 961}, "ada"),
    ]:
        [answer] = ask(uploads, file, owner=owner)
        assert refusal(answer) == (404, "unknown-image")


@pytest.mark.parametrize("status", ["READY", "REJECTED", "FAILED"])
def test_an_image_that_has_arrived_is_not_signed_anew(uploads, catalog, image_id, status):
    row = {"ImageID": image_id, "Status": status, "Sequencer": "05", "PresetHash": "p"}
    catalog.fail(row) if status == "FAILED" else catalog.commit(row, None)
    [answer] = ask(uploads, FILE | {"imageId": image_id})
    assert refusal(answer) == (409, "not-pending")


def test_an_image_that_arrives_just_then_is_not_signed_anew_and_stays_as_it_is(
    uploads, clock, catalog, image_id, monkeypatch
):
    clock.now += 3000
    stale = catalog.get_many([image_id])
    monkeypatch.setattr(catalog, "get_many", lambda _: stale)
    catalog.commit({"ImageID": image_id, "Status": "REJECTED", "Sequencer": "05", "PresetHash": "p"}, None)
    before = catalog.get(image_id)
    [answer] = ask(uploads, FILE | {"imageId": image_id})
    assert refusal(answer) == (409, "not-pending")
    assert catalog.get(image_id) == before


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"contentType": "text/html"}, (415, "unsupported-content-type")),
        ({"bytes": 5_000_001}, (413, "too-large")),
        ({"name": ""}, (400, "malformed-request")),
        ({"sha256": "short"}, (400, "malformed-request")),
        ({"imageId": ""}, (400, "malformed-request")),
        ({"imageId": "x" * 962}, (400, "malformed-request")),
    ],
)
def test_the_rules_for_a_file_are_those_of_announcing_it(uploads, image_id, change, problem):
    [answer] = ask(uploads, FILE | {"imageId": image_id} | change)
    assert refusal(answer) == problem


def test_old_and_new_files_in_one_call_are_answered_in_order(uploads, image_id):
    answers = ask(uploads, FILE, FILE | {"imageId": image_id}, FILE | {"imageId": "no"}, FILE)
    assert [isinstance(answer, AcceptedFile) for answer in answers] == [True, True, False, True]
    assert answers[1].image_id == image_id
    assert len({answer.image_id for answer in answers if isinstance(answer, AcceptedFile)}) == 3


@pytest.mark.parametrize("digest", ["A" * 43 + "=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])
def test_a_checksum_goes_into_the_form(uploads, digest):
    [answer] = ask(uploads, FILE | {"sha256": digest})
    assert answer.upload.fields["x-amz-checksum-sha256"] == digest


@pytest.mark.parametrize(
    "digest", ["", "A" * 44, "A" * 42 + "B=", "A" * 43 + "=\n", "A" * 42 + "==", "é" * 44]
)
def test_what_is_no_checksum_is_malformed(uploads, digest):
    [answer] = ask(uploads, FILE | {"sha256": digest})
    assert refusal(answer) == (400, "malformed-request")
