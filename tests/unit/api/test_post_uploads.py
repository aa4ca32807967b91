import base64
import json
from uuid import UUID

import pytest

from handlers.api import entry_point
from handlers.contract import routes
from handlers.contract.formats import CONTENT_TYPES
from tests.unit.http_events import call, get_image, post_image, post_uploads, problem_of
from tests.unit.resize_environment import TABLE, api_settings

pytestmark = pytest.mark.usefixtures("api")

FILE = {"name": "holiday.jpg", "contentType": "image/jpeg", "bytes": 1234}


def test_each_announced_file_gets_an_id_a_location_and_a_policy(world):
    answer = post_uploads({"files": [FILE, FILE | {"name": "b.png", "contentType": "image/png"}]})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    first, second = answer.document["files"]
    assert first["imageId"] < second["imageId"]
    for file in (first, second):
        assert set(file) == {"outcome", "imageId", "location", "lane", "upload"}
        assert file["outcome"] == "accepted"
        assert UUID(file["imageId"].removesuffix("-x")).version == 7
        assert file["location"] == f"/images/{file['imageId']}"
        assert set(file["upload"]) == {"url", "fields", "expiresAt"}
        assert file["upload"]["fields"]["key"] == f"express/{file['imageId']}"
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
        {"files": [FILE], "lane": "fast"},
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


@pytest.mark.parametrize("body", ['{"%s": 1}', '{"files": [{"%s": 1}]}'], ids=["request", "file"])
def test_what_is_malformed_is_not_repeated_at_length(body):
    answer = post_uploads(body % ("a" * 100_000))
    problem = answer.document["files"][0]["error"] if answer.status == 200 else answer.document
    assert problem_of(problem) == "malformed-request"
    assert len(problem["detail"]) <= 300


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
        ({"lane": "fast"}, 400, "malformed-request"),
        ({"lane": None}, 400, "malformed-request"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_one_bad_file_among_good_ones_fails_alone(world, change, status, problem):
    answer = post_uploads({"files": [FILE, FILE | change, FILE]})
    assert answer.status == 200
    first, bad, last = answer.document["files"]
    assert (set(bad), bad["outcome"]) == ({"outcome", "error"}, "refused")
    assert (bad["error"]["status"], problem_of(bad["error"])) == (status, problem)
    assert world.row(first["imageId"])
    assert world.row(last["imageId"])
    assert world.catalog._client.scan(TableName=TABLE, Select="COUNT")["Count"] == 2


@pytest.mark.parametrize("missing", ["name", "contentType"])
def test_a_file_without_one_of_its_members_fails_alone(missing):
    broken = {name: value for name, value in FILE.items() if name != missing}
    bad, good = post_uploads({"files": [broken, FILE]}).document["files"]
    assert missing in bad["error"]["detail"]
    assert "imageId" in good


def test_a_file_whose_size_is_not_known_may_be_as_large_as_any():
    [file] = post_uploads({"files": [{"name": "a.jpg", "contentType": "image/jpeg"}]}).document["files"]
    policy = json.loads(base64.b64decode(file["upload"]["fields"]["policy"]))
    assert ["content-length-range", 1, 5_000_000] in policy["conditions"]


@pytest.mark.parametrize("item", [None, 5, "name", [], [FILE], {}])
def test_an_item_that_is_no_file_fails_alone(item):
    bad, good = post_uploads({"files": [item, FILE]}).document["files"]
    assert problem_of(bad["error"]) == "malformed-request"
    assert "imageId" in good


def test_files_that_are_all_bad_are_all_told_so(world):
    answer = post_uploads({"files": [{}, 5]})
    assert answer.status == 200
    assert [set(file) for file in answer.document["files"]] == [{"outcome", "error"}] * 2


@pytest.mark.parametrize(
    "change", [{"bytes": 1}, {"bytes": 5_000_000}, {"name": "x" * 1024}, {"name": "山 😀/.."}]
)
def test_files_just_within_the_limits_are_accepted(world, change):
    [file] = post_uploads({"files": [FILE | change]}).document["files"]
    assert world.row(file["imageId"])["FileName"] == (FILE | change)["name"][:512]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_every_accepted_content_type_is_bound_by_its_policy(content_type):
    [file] = post_uploads({"files": [FILE | {"contentType": content_type}]}).document["files"]
    assert file["upload"]["fields"]["Content-Type"] == content_type


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
    written = [json.loads(line) for line in logged.splitlines()]
    lines = [line for line in written if "_aws" not in line]
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
    harmless = {"image/jpeg", f"express/{file['imageId']}", "AWS4-HMAC-SHA256"}
    for secret in set(secrets) - harmless:
        assert secret not in logged


def test_the_api_is_composed_once_from_its_environment(api_with):
    api_with(max_upload_bytes=77)
    composed, _ = entry_point.compose()
    assert entry_point.compose()[0] is composed
    assert composed._settings == api_settings(max_upload_bytes=77)
