"""Announcing more than a caller may: what is answered, and what is written."""

import json
import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError

from handlers.api import entry_point, quotas
from handlers.api.principals import ANONYMOUS
from handlers.api.quotas import Quotas
from handlers.contract import routes
from handlers.contract.quota_table import Hour
from handlers.storage.catalog import Catalog
from tests.unit.http_events import http_event, problem_of
from tests.unit.resize_environment import OPERATOR, ORIGINALS, QUOTAS, TABLE

FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}
ADA, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob"))
LIMIT = 5


@pytest.fixture(autouse=True)
def limited(api_with):
    api_with(uploads_per_hour=LIMIT)


def ask(route, body, caller=ADA, **parts):
    event = http_event(route, body, **parts)
    event["requestContext"]["authorizer"]["iam"]["userArn"] = caller
    response = entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    return response["statusCode"], response["headers"], json.loads(response["body"])


def announce(*files, caller=ADA):
    return ask(routes.CREATE_UPLOADS, json.dumps({"files": files}), caller)


def send(caller=ADA):
    return ask(routes.CREATE_IMAGE, b"pixels", caller, headers={"Content-Type": "image/png"})


def use_up(dynamodb, principal=ADA, used=LIMIT):
    """Leave `LIMIT - used` images of this hour, and of the next, which may begin in the middle of a test."""
    for moment in (time.time(), time.time() + 3600):
        key = {"Principal": {"S": principal}, "Hour": {"S": Hour.of(moment).name}}
        dynamodb.put_item(TableName=QUOTAS, Item=key | {"Images": {"N": str(used)}})


def images(dynamodb):
    return dynamodb.scan(TableName=TABLE, Select="COUNT")["Count"]


def used(dynamodb):
    """Images and bytes that were counted in this hour."""
    items = dynamodb.scan(TableName=QUOTAS)["Items"]
    return [sum(int(item[name]["N"]) for item in items) for name in ("Images", "Bytes")]


def told(document):
    """For each file: announced, or the problem."""
    return [problem_of(file["error"]) if "error" in file else "announced" for file in document["files"]]


def test_the_files_beyond_the_quota_fail_alone_and_are_the_last(dynamodb):
    status, headers, document = announce(*[FILE] * LIMIT, FILE, FILE)
    assert status == 200
    assert told(document) == ["announced"] * LIMIT + ["quota-exceeded"] * 2
    assert document["files"][-1]["error"].keys() >= {"limit", "resetsAt", "status", "title"}
    assert "Retry-After" not in headers
    assert images(dynamodb) == LIMIT


def test_where_nothing_is_left_the_request_is_refused_and_nothing_written(dynamodb):
    use_up(dynamodb)
    status, headers, document = announce(FILE, FILE)
    assert (status, problem_of(document)) == (429, "quota-exceeded")
    assert headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(headers["Retry-After"]) <= 3600
    assert document["limit"] == LIMIT
    assert document["resetsAt"].endswith(":00:00.000Z")
    assert images(dynamodb) == 0


def test_a_file_beyond_the_bytes_of_an_hour_is_refused_alone_and_spends_nothing(dynamodb, api_with):
    api_with(upload_bytes_per_hour=6_000_000)
    large = FILE | {"bytes": 5_000_000}
    status, _, document = announce(large, large, FILE)
    assert (status, told(document)) == (200, ["announced", "quota-exceeded", "announced"])
    error = document["files"][1]["error"]
    assert (error["limit"], error["unit"]) == (6_000_000, "bytes")
    assert images(dynamodb) == 2
    assert used(dynamodb) == [2, 5_000_010]
    status, headers, document = announce(large)
    assert (status, problem_of(document), document["unit"]) == (429, "quota-exceeded", "bytes")
    assert 1 <= int(headers["Retry-After"]) <= 3600
    assert used(dynamodb) == [2, 5_000_010]


def test_a_write_that_gives_back_is_not_repeated_when_its_answer_is_lost(dynamodb, api_with):
    api_with(upload_bytes_per_hour=10)
    sent = []

    def lose_answer(**_):
        sent.append("a write")
        raise ReadTimeoutError(endpoint_url="x")

    routes_of_this_test, _ = entry_point.compose()
    events = routes_of_this_test._quotas._unrepeated.meta.events
    events.register_first("before-send.dynamodb.UpdateItem", lose_answer)
    assert told(announce(FILE, FILE)[2]) == ["announced", "quota-exceeded"]
    assert sent == ["a write"]
    assert used(dynamodb) == [2, 20]


def test_a_file_whose_size_is_not_known_counts_as_the_largest(dynamodb, api_with):
    api_with(upload_bytes_per_hour=9_999_999)
    unknown = {name: value for name, value in FILE.items() if name != "bytes"}
    assert told(announce(unknown, unknown)[2]) == ["announced", "quota-exceeded"]
    assert used(dynamodb) == [1, 5_000_000]


def test_an_image_sent_as_a_body_counts_its_bytes(dynamodb, api_with):
    api_with(upload_bytes_per_hour=10)
    assert [send()[0] for _ in range(2)] == [202, 429]
    assert used(dynamodb) == [1, len(b"pixels")]


def test_a_quota_is_told_with_its_use_and_when_it_starts_anew(dynamodb, api_with):
    api_with(uploads_per_hour=LIMIT, upload_bytes_per_hour=6_000_000, express_per_hour=2)
    announce(*[FILE] * 3, FILE | {"bytes": 4_000_000}, *[FILE] * 3)
    status, headers, document = ask(routes.GET_QUOTA, "")
    assert (status, headers["Cache-Control"]) == (200, "private, no-store")
    assert {name: (each["limit"], each["used"]) for name, each in document.items()} == {
        "images": (LIMIT, LIMIT),
        "bytes": (6_000_000, 4_000_040),
        "express": (2, 2),
    }
    assert {each["resetsAt"][13:] for each in document.values()} == {":00:00.000Z"}
    assert {each["used"] for each in ask(routes.GET_QUOTA, "", BOB)[2].values()} == {0}


def test_a_use_is_never_told_as_more_than_its_limit(api_with):
    api_with(express_per_hour=2)
    announce(*[FILE] * 5)
    assert ask(routes.GET_QUOTA, "")[2]["express"]["used"] == 2


def test_a_table_of_quotas_that_is_busy_cannot_be_asked(dynamodb, monkeypatch):
    def busy(*_):
        raise quotas.TableBusy

    monkeypatch.setattr(Quotas, "usage", busy)
    status, headers, document = ask(routes.GET_QUOTA, "")
    assert (status, problem_of(document), headers["Retry-After"]) == (503, "busy", "1")


def test_an_image_sent_as_a_body_counts_as_one(dynamodb):
    use_up(dynamodb, used=LIMIT - 1)
    assert send()[0] == 202
    status, headers, document = send()
    assert (status, problem_of(document)) == (429, "quota-exceeded")
    assert int(headers["Retry-After"]) >= 1
    assert images(dynamodb) == 1


def test_an_image_beyond_the_quota_is_not_stored(dynamodb, world):
    use_up(dynamodb)
    send()
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)


def test_signing_anew_costs_nothing_and_works_when_nothing_is_left(dynamodb):
    _, _, document = announce(FILE)
    again = FILE | {"imageId": document["files"][0]["imageId"]}
    use_up(dynamodb, used=LIMIT - 1)
    assert told(announce(again, again)[2]) == ["announced", "announced"]
    assert told(announce(FILE)[2]) == ["announced"]
    assert told(announce(again)[2]) == ["announced"]
    assert told(announce(FILE, again)[2]) == ["quota-exceeded", "announced"]
    assert images(dynamodb) == 2


def test_files_that_are_refused_for_themselves_cost_nothing(dynamodb):
    use_up(dynamodb, used=LIMIT - 1)
    bad = FILE | {"contentType": "text/html"}
    assert told(announce(bad, {}, bad)[2]).count("malformed-request") == 1
    assert told(announce(bad, FILE)[2]) == ["unsupported-content-type", "announced"]


def test_another_caller_has_a_quota_of_its_own_and_administrators_have_one_too(dynamodb):
    use_up(dynamodb)
    assert announce(FILE, caller=BOB)[0] == 200
    assert announce(FILE, caller=OPERATOR)[0] == 200
    use_up(dynamodb, OPERATOR)
    assert announce(FILE, caller=OPERATOR)[0] == 429


def test_callers_whom_nobody_asks_for_a_name_share_one_quota(dynamodb, api_with):
    api_with(uploads_per_hour=LIMIT, api_auth="none")
    use_up(dynamodb, ANONYMOUS)
    assert announce(FILE, caller=ADA)[0] == announce(FILE, caller=BOB)[0] == 429


def test_a_table_of_quotas_that_takes_no_more_lets_nothing_through(dynamodb, monkeypatch):
    def busy(*_):
        raise quotas.TableBusy

    monkeypatch.setattr(Quotas, "_add", busy)
    for status, headers, document in (announce(FILE), send()):
        assert (status, problem_of(document)) == (503, "busy")
        assert headers["Retry-After"] == "1"
    assert images(dynamodb) == 0


def test_a_table_of_quotas_that_is_gone_lets_nothing_through(dynamodb):
    dynamodb.delete_table(TableName=QUOTAS)
    assert announce(FILE)[0] == send()[0] == 500
    assert images(dynamodb) == 0


def test_what_was_counted_and_could_not_be_written_is_spent(dynamodb, monkeypatch):
    def full(*_):
        raise quotas.TableBusy

    with monkeypatch.context() as patched:
        patched.setattr(Catalog, "put_pending", full)
        assert announce(*[FILE] * LIMIT)[0] == 503
    assert used(dynamodb) == [LIMIT, 10 * LIMIT]


def test_refused_images_are_a_metric_and_nobody_is_named(dynamodb, capsys):
    use_up(dynamodb, used=LIMIT - 1)
    announce(FILE, FILE, FILE)
    logged = capsys.readouterr().out
    metrics = [line for line in map(json.loads, logged.splitlines()) if "_aws" in line]
    assert [line["QuotaRefused"] for line in metrics if "QuotaRefused" in line] == [[2]]
    assert ADA not in logged
