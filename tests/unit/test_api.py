import json
from urllib.parse import parse_qs, quote, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import api, routes
from handlers.api import MAX_BODY_BYTES, location
from handlers.keys import MAX_IMAGE_ID_BYTES
from handlers.uploads import CONTENT_TYPES
from tests.unit.http_api import call, get_image, post_image, post_uploads, problem_of
from tests.unit.world import MAX_RECEIVE_COUNT, ORIGINALS, TABLE, api_settings

pytestmark = pytest.mark.usefixtures("api")

FILE = {"name": "holiday.jpg", "contentType": "image/jpeg", "bytes": 1234}


def test_each_announced_file_gets_an_id_a_location_and_a_policy(world):
    answer = post_uploads({"files": [FILE, FILE | {"name": "b.png", "contentType": "image/png"}]})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    first, second = answer.document["files"]
    assert first["imageId"] < second["imageId"]
    for file in (first, second):
        assert set(file) == {"imageId", "location", "upload"}
        assert UUID(file["imageId"]).version == 7
        assert file["location"] == f"/images/{file['imageId']}"
        assert set(file["upload"]) == {"url", "fields", "expiresAt"}
        assert file["upload"]["fields"]["key"] == f"uploads/{file['imageId']}"
    row = world.row(second["imageId"])
    assert (row["Status"], row["FileName"], row["BatchID"]) == (
        "PENDING",
        "b.png",
        answer.document["batchId"],
    )


def test_a_batch_keeps_the_id_that_the_client_chose(world):
    answer = post_uploads({"files": [FILE], "batchId": "Summer_2026-1"})
    assert answer.document["batchId"] == "Summer_2026-1"
    assert world.row(answer.document["files"][0]["imageId"])["BatchID"] == "Summer_2026-1"


@pytest.mark.parametrize("batch_id", ["", "a b", "a/b", "x" * 65, "é", 5, "a\n"])
def test_a_batch_id_of_another_form_is_malformed(batch_id):
    answer = post_uploads({"files": [FILE], "batchId": batch_id})
    assert (answer.status, answer.problem) == (400, "malformed-request")


def test_a_hundred_files_are_announced_at_once(world):
    answer = post_uploads({"files": [FILE] * 100})
    ids = {file["imageId"] for file in answer.document["files"]}
    assert len(ids) == 100
    assert all(world.row(image_id) for image_id in ids)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": []},
        {"files": [FILE] * 101},
        {"files": None},
        {"files": FILE},
        {"files": "many"},
        {"files": [FILE], "colour": "red"},
        [],
        [FILE],
        None,
        5,
        "",
        "not json",
        b"\xff\xfe",
        b'{"files": [\xff]}',
        '{"files": [' + "[" * 100_000,
        "[" * 100_000,
        '{"files": [' + "[" * 50_000 + "]" * 50_000 + "]}",
        '{"files": [{"a":' * 20_000,
        '{"files": [{}]',
    ],
    ids=lambda body: repr(body)[:30],
)
def test_a_request_of_another_form_is_malformed(body):
    answer = post_uploads(body)
    if answer.status == 200:  # a list whose one item nests too deeply is a list with a bad item
        [file] = answer.document["files"]
        assert problem_of(file["error"]) == "malformed-request"
    else:
        assert (answer.status, answer.problem) == (400, "malformed-request")


@pytest.mark.parametrize(
    ("change", "status", "problem"),
    [
        ({"bytes": 0}, 400, "malformed-request"),
        ({"bytes": -1}, 400, "malformed-request"),
        ({"bytes": 1.5}, 400, "malformed-request"),
        ({"bytes": "1"}, 400, "malformed-request"),
        ({"bytes": True}, 400, "malformed-request"),
        ({"bytes": None}, 400, "malformed-request"),
        ({"bytes": 5_000_001}, 413, "too-large"),
        ({"bytes": 2**100}, 400, "malformed-request"),
        ({"name": ""}, 400, "malformed-request"),
        ({"name": "x" * 1025}, 400, "malformed-request"),
        ({"name": 5}, 400, "malformed-request"),
        ({"name": None}, 400, "malformed-request"),
        ({"contentType": "text/html"}, 415, "unsupported-content-type"),
        ({"contentType": "image/svg+xml"}, 415, "unsupported-content-type"),
        ({"contentType": "image/jpeg; charset=utf-8"}, 415, "unsupported-content-type"),
        ({"contentType": ""}, 415, "unsupported-content-type"),
        ({"contentType": 5}, 400, "malformed-request"),
        ({"colour": "red"}, 400, "malformed-request"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_one_bad_file_among_good_ones_fails_alone(world, change, status, problem):
    answer = post_uploads({"files": [FILE, FILE | change, FILE]})
    assert answer.status == 200
    first, bad, last = answer.document["files"]
    assert set(bad) == {"error"}
    assert (bad["error"]["status"], problem_of(bad["error"])) == (status, problem)
    assert world.row(first["imageId"])
    assert world.row(last["imageId"])
    assert world.catalog._client.scan(TableName=TABLE, Select="COUNT")["Count"] == 2


@pytest.mark.parametrize("missing", list(FILE))
def test_a_file_without_one_of_its_members_fails_alone(missing):
    broken = {name: value for name, value in FILE.items() if name != missing}
    bad, good = post_uploads({"files": [broken, FILE]}).document["files"]
    assert missing in bad["error"]["detail"]
    assert "imageId" in good


@pytest.mark.parametrize("item", [None, 5, "name", [], [FILE], {}])
def test_an_item_that_is_no_file_fails_alone(item):
    bad, good = post_uploads({"files": [item, FILE]}).document["files"]
    assert problem_of(bad["error"]) == "malformed-request"
    assert "imageId" in good


def test_files_that_are_all_bad_are_all_told_so(world):
    answer = post_uploads({"files": [{}, 5]})
    assert answer.status == 200
    assert [set(file) for file in answer.document["files"]] == [{"error"}, {"error"}]


@pytest.mark.parametrize(
    "change", [{"bytes": 1}, {"bytes": 5_000_000}, {"name": "x" * 1024}, {"name": "山 😀/.."}]
)
def test_files_just_within_the_limits_are_accepted(world, change):
    [file] = post_uploads({"files": [FILE | change]}).document["files"]
    assert world.row(file["imageId"])["FileName"] == (FILE | change)["name"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_every_accepted_content_type_is_bound_by_its_policy(content_type):
    [file] = post_uploads({"files": [FILE | {"contentType": content_type}]}).document["files"]
    assert file["upload"]["fields"]["Content-Type"] == content_type


def test_a_small_image_is_taken_as_the_body_of_the_request(world):
    answer = post_image(b"\x89PNG\r\n\xff", name="holiday.png")
    assert answer.status == 202
    image_id = answer.document["imageId"]
    assert answer.document == {"imageId": image_id, "status": "PENDING", "location": f"/images/{image_id}"}
    assert answer.headers["Location"] == f"/images/{image_id}"
    assert answer.headers["Retry-After"] == "1"
    stored = world.s3.get_object(Bucket=ORIGINALS, Key=f"uploads/{image_id}")
    assert stored["Body"].read() == b"\x89PNG\r\n\xff"
    assert stored["ContentType"] == "image/png"
    row = world.row(image_id)
    assert (row["Status"], row["FileName"], row["ContentType"]) == ("PENDING", "holiday.png", "image/png")


def test_a_small_image_needs_no_name(world):
    image_id = post_image(b"pixels").document["imageId"]
    assert "FileName" not in world.row(image_id)


def test_the_content_type_of_a_small_image_may_have_parameters_and_capitals(world):
    image_id = post_image(b"pixels", "Image/PNG; q=1").document["imageId"]
    assert world.row(image_id)["ContentType"] == "image/png"


def test_an_empty_body_is_no_image(world):
    answer = post_image(b"")
    assert (answer.status, answer.problem) == (400, "malformed-request")


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
    assert document.items() >= expected.items()
    assert set(document["variants"]) == {"thumbnail", "small"}
    thumbnail = document["variants"]["thumbnail"]
    url = urlsplit(thumbnail.pop("url"))
    assert thumbnail == {"width": 128, "height": 128, "bytes": 19, "contentType": "image/jpeg"}
    assert url.scheme == "https"
    assert url.path == "/" + quote(world.row("a")["Variants"]["thumbnail"]["Key"])
    assert int(parse_qs(url.query)["X-Amz-Expires"][0]) <= 900


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
    return api.Request.of(event).path["imageId"]


@pytest.mark.parametrize("route", ["$default", "GET /favicon.ico", "DELETE /everything", "POST /uploads/"])
def test_another_route_is_not_found(route):
    answer = call(route)
    assert (answer.status, answer.problem) == (404, "unknown-route")


def test_every_route_of_the_list_is_served():
    for route in routes.ROUTES:
        answer = call(route)
        assert answer.status < 500
        assert answer.status < 400 or answer.problem != "unknown-route"


def test_answers_are_not_sniffed():
    assert get_image("a").headers["X-Content-Type-Options"] == "nosniff"
    assert post_uploads({"files": [FILE]}).headers["X-Content-Type-Options"] == "nosniff"


def test_a_failing_service_says_so_without_saying_why(dynamodb):
    dynamodb.delete_table(TableName=TABLE)
    answers = [get_image("a"), post_uploads({"files": [FILE]}), post_image(b"pixels")]
    for answer in answers:
        assert (answer.status, answer.problem) == (500, "internal-error")
        assert "ResourceNotFound" not in json.dumps(answer.document)


def test_what_is_logged_of_a_request_is_its_route_and_status_and_nothing_of_the_client(
    world, api_with, capsys, dynamodb
):
    api_with()
    world.deliver(world.upload("a"))
    [file] = post_uploads({"files": [FILE | {"name": "private holiday.jpg"}]}).document["files"]
    post_image(b"pixels", name="private holiday.jpg")
    post_image(b"pixels", "text/private", name="private holiday.jpg")
    post_uploads({"files": [FILE | {"name": "private holiday.jpg" * 100}]})
    signed = get_image("a").document["variants"]["thumbnail"]["url"]
    dynamodb.delete_table(TableName=TABLE)
    post_uploads({"files": [FILE | {"name": "private holiday.jpg"}]})
    get_image(file["imageId"])
    logged = capsys.readouterr().out
    lines = [json.loads(line) for line in logged.splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert [line["status"] for line in requests] == [200, 202, 415, 200, 200, 500, 500]
    assert {line["route"] for line in requests} == {
        routes.CREATE_UPLOADS,
        routes.CREATE_IMAGE,
        routes.GET_IMAGE,
    }
    assert {line["request_id"] for line in lines} == {"r1"}
    assert [line["level"] for line in lines].count("ERROR") == 2
    secrets = ["private", "holiday", "X-Amz-", "https://", signed, *file["upload"]["fields"].values()]
    harmless = {"image/jpeg", f"uploads/{file['imageId']}", "AWS4-HMAC-SHA256"}
    for secret in set(secrets) - harmless:
        assert secret not in logged


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=8) | JSON,
        "contentType": st.sampled_from(CONTENT_TYPES) | JSON,
        "bytes": st.integers() | JSON,
        "more": JSON,
    },
)
BODIES = st.fixed_dictionaries(
    {"files": st.lists(FILES | JSON, max_size=4) | JSON}, optional={"batchId": st.text(max_size=5) | JSON}
)


@given((BODIES | JSON).map(json.dumps) | st.text() | st.binary())
def test_no_body_makes_the_announcement_of_uploads_fail(body):
    answer = post_uploads(body)
    assert answer.status in {200, 400}
    for file in answer.document.get("files", []):
        assert ("error" in file) != ("upload" in file)


@given(st.binary(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_body_type_or_name_makes_the_taking_of_an_image_fail(body, content_type, name):
    assert post_image(body, content_type, name=name).status in {202, 400, 415}
    assert post_image(body, name=name).status in {202, 400}


@given(st.text())
def test_no_id_makes_the_reading_of_an_image_fail(image_id):
    assert get_image(image_id).status == 404


def test_the_api_is_composed_once_from_its_environment(api_with):
    api_with(max_upload_bytes=77)
    composed, _ = api.compose()
    assert api.compose()[0] is composed
    assert composed._settings == api_settings(max_upload_bytes=77)
