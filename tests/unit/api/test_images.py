"""Sending one small image, and reading images back."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.api import entry_point
from handlers.api.requests import MAX_BODY_BYTES
from handlers.api.responses import location
from handlers.contract import routes
from handlers.contract.keys import MAX_IMAGE_ID_BYTES
from handlers.contract.original_metadata import encode
from tests.unit.http_events import get_image, post_image, post_uploads, problem_of
from tests.unit.resize_environment import MAX_RECEIVE_COUNT, ORIGINALS

pytestmark = pytest.mark.usefixtures("api")

FILE = {"name": "holiday.jpg", "contentType": "image/jpeg", "bytes": 1234}


def test_a_small_image_is_taken_as_the_body_of_the_request(world):
    answer = post_image(b"\x89PNG\r\n\xff", name="holiday.png")
    assert answer.status == 202
    image_id = answer.document["imageId"]
    assert answer.document == {
        "imageId": image_id,
        "status": "PENDING",
        "location": f"/images/{image_id}",
        "lane": "express",
    }
    assert answer.headers["Location"] == f"/images/{image_id}"
    assert answer.headers["Retry-After"] == "1"
    stored = world.s3.get_object(Bucket=ORIGINALS, Key=f"express/{image_id}")
    assert stored["Body"].read() == b"\x89PNG\r\n\xff"
    assert stored["ContentType"] == "image/png"
    row = world.row(image_id)
    assert (row["Status"], row["FileName"], row["ContentType"]) == ("PENDING", "holiday.png", "image/png")
    assert stored["Metadata"] == encode(row)


def test_a_small_image_may_ask_for_the_bulk_lane(world):
    answer = post_image(b"pixels", lane="bulk")
    assert answer.document["lane"] == "bulk"
    assert world.s3.head_object(Bucket=ORIGINALS, Key=f"uploads/{answer.document['imageId']}")


def test_a_lane_that_there_is_not_is_malformed(world):
    answer = post_image(b"pixels", lane="fast")
    assert (answer.status, answer.problem) == (400, "malformed-request")
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)


def test_a_small_image_needs_no_name(world):
    image_id = post_image(b"pixels").document["imageId"]
    assert "FileName" not in world.row(image_id)


def test_the_content_type_of_a_small_image_may_have_parameters_and_capitals(world):
    image_id = post_image(b"pixels", "Image/PNG; q=1").document["imageId"]
    assert world.row(image_id)["ContentType"] == "image/png"


def test_an_empty_body_is_no_image(world):
    answer = post_image(b"")
    assert (answer.status, answer.problem) == (400, "malformed-request")


@pytest.mark.parametrize(
    ("start", "content_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
    ],
)
def test_the_format_of_a_small_image_without_a_type_is_recognized(world, start, content_type):
    image_id = post_image(start, "application/octet-stream").document["imageId"]
    assert world.row(image_id)["ContentType"] == content_type
    assert world.s3.head_object(Bucket=ORIGINALS, Key=f"express/{image_id}")["ContentType"] == content_type


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream", "image/svg+xml"])
def test_a_small_image_of_another_content_type_is_refused_and_not_stored(world, content_type):
    answer = post_image(b"pixels", content_type)
    assert (answer.status, answer.problem) == (415, "unsupported-content-type")
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)


def test_a_body_too_large_for_a_request_is_refused_with_advice(world):
    answer = post_image(b"x" * (MAX_BODY_BYTES + 1))
    assert (answer.status, answer.problem) == (413, "too-large")
    assert answer.document["limit"] == MAX_BODY_BYTES
    assert "POST /uploads" in answer.document["detail"]
    assert post_image(b"x" * MAX_BODY_BYTES).status == 202


def test_a_stack_that_allows_less_than_a_request_refuses_earlier(world, api_with):
    api_with(max_upload_bytes=10)
    assert post_image(b"x" * 10).status == 202
    assert post_image(b"x" * 11).document["limit"] == 10
    assert problem_of(post_uploads({"files": [FILE]}).document["files"][0]["error"]) == "too-large"


def test_an_announced_image_is_pending_and_worth_asking_again():
    [file] = post_uploads({"files": [FILE]}).document["files"]
    answer = get_image(file["imageId"])
    assert answer.status == 200
    assert (
        answer.document.items()
        >= {
            "imageId": file["imageId"],
            "status": "PENDING",
            "fileName": "holiday.jpg",
            "contentType": "image/jpeg",
        }.items()
    )
    assert "variants" not in answer.document
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_ready_image_has_a_short_lived_url_of_every_variant(world):
    world.deliver(world.upload("a"))
    answer = get_image("a")
    assert answer.status == 200
    assert "Retry-After" not in answer.headers
    document = answer.document
    expected = {"status": "READY", "width": 640, "height": 480, "format": "PNG", "bytes": 6, "hasAlpha": True}
    expected |= {"capturedAt": "2026-01-02T04:04:05+01:00", "camera": "Canon EOS R5"}
    assert document.items() >= expected.items()
    assert set(document["variants"]) == {"thumbnail", "small"}
    thumbnail = document["variants"]["thumbnail"]
    url = urlsplit(thumbnail.pop("url"))
    expires = datetime.fromisoformat(thumbnail.pop("expiresAt"))
    assert thumbnail == {"width": 128, "height": 128, "bytes": 19, "contentType": "image/jpeg"}
    assert url.scheme == "https"
    assert url.path == "/" + quote(world.row("a")["Variants"]["thumbnail"]["Key"])
    [seconds], [signed] = (parse_qs(url.query)[f"X-Amz-{name}"] for name in ("Expires", "Date"))
    assert int(seconds) <= 900
    # To the second: the signature's date has no fractions.
    assert abs(expires - datetime.fromisoformat(signed) - timedelta(seconds=int(seconds))) <= timedelta(
        seconds=1
    )


def test_a_rejected_image_tells_its_reason(world):
    world.deliver(world.upload("a", b"not an image"))
    document = get_image("a").document
    assert (document["status"], document["reason"]) == ("REJECTED", "NotAnImage")
    assert "variants" not in document


def test_a_failed_image_shows_no_variants_of_an_earlier_one_and_no_inner_error(world):
    world.deliver(world.upload("a"))
    world.render.error = RuntimeError("secret")
    world.deliver(world.upload("a", b"second"), attempt=MAX_RECEIVE_COUNT)
    document = get_image("a").document
    assert document["status"] == "FAILED"
    assert "variants" not in document
    assert "secret" not in json.dumps(document)


@pytest.mark.parametrize("image_id", ["a", "", "folder/", "x" * (MAX_IMAGE_ID_BYTES + 1), "x" * 5000, "山/%"])
def test_an_image_that_does_not_exist_is_not_found(image_id):
    answer = get_image(image_id)
    assert (answer.status, answer.problem) == (404, "unknown-image")


@pytest.mark.parametrize(
    "image_id", ["a b", "2026/01/a.jpg", "100%", "a%2Fb", "a%252Fb", "山/😀", "1+1", "?#&"]
)
def test_images_are_found_whatever_their_ids_hold(world, image_id):
    world.deliver(world.upload(image_id))
    document = get_image(image_id).document
    assert (document["imageId"], document["status"]) == (image_id, "READY")


@given(st.text(min_size=1))
def test_the_location_of_an_image_leads_back_to_it(image_id):
    given_path = location(image_id).removeprefix("/images/")
    assert given_path.isascii()
    handed_over = "%25".join(map(unquote, given_path.split("%25")))
    assert get_image_id_seen(handed_over) == image_id


def get_image_id_seen(path):
    event = {"routeKey": routes.GET_IMAGE, "pathParameters": {"imageId": path}}
    return entry_point.Request.of(event).path["imageId"]
