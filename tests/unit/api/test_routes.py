"""Lists, batches and deleting, as callers of the function see them."""

import json
from types import SimpleNamespace

import pytest

from handlers.api import entry_point
from handlers.contract import routes
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog, RowChanged
from handlers.storage.dynamodb_batches import TableBusy
from tests.unit.http_events import http_event, problem_of
from tests.unit.resize_environment import OPERATOR, ORIGINALS, Failing

pytestmark = pytest.mark.usefixtures("api")

ADA, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob"))
FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}


def ask(route, caller=ADA, body="", **parts):
    """The status and the document that a caller gets."""
    event = http_event(route, body, **parts)
    event["requestContext"]["authorizer"]["iam"]["userArn"] = caller
    response = entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    return response["statusCode"], json.loads(response["body"]) if "body" in response else None


def announce(count=1, caller=ADA, **members):
    status, document = ask(routes.CREATE_UPLOADS, caller, json.dumps({"files": [FILE] * count, **members}))
    assert status == 200
    return [file["imageId"] for file in document["files"]]


def listed(caller=ADA, **query):
    status, document = ask(routes.LIST_IMAGES, caller, query=query)
    assert status == 200
    return [image["imageId"] for image in document["images"]]


def delete(image_id, caller=ADA):
    return ask(routes.DELETE_IMAGE, caller, path={"imageId": image_id})


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": "1.5"},
        {"limit": ""},
        {"limit": "null"},
        {"limit": "5,6"},
        {"limit": "9" * 5000},
        {"status": "GONE"},
        {"status": "ready"},
        {"status": ""},
        {"status": "null"},
        {"cursor": ""},
        {"cursor": "x" * 3000},
        {"cursor": "none of ours"},
    ],
)
def test_a_query_of_another_form_is_malformed(query):
    status, document = ask(routes.LIST_IMAGES, query=query)
    assert (status, problem_of(document)) == (400, "malformed-request")


def test_a_list_has_fifty_images_unless_asked_otherwise():
    ids = announce(60)
    assert len(listed()) == 50
    assert set(listed(limit="100")) == set(ids)


@pytest.mark.parametrize("route", routes.ROUTES)
def test_a_query_parameter_that_a_route_does_not_have_is_malformed_and_named(route):
    status, document = ask(route, query={"limti": "5"}, path={"imageId": "x", "batchId": "x"})
    assert (status, problem_of(document)) == (400, "malformed-request")
    assert "limti" in document["detail"]
    if route == routes.LIST_IMAGES:
        assert "status, limit, cursor" in document["detail"]


def test_the_description_is_for_everyone_and_may_be_cached():
    event = http_event(routes.GET_OPENAPI)
    del event["requestContext"]["authorizer"]
    response = entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    assert response["statusCode"] == 200
    assert response["headers"]["Cache-Control"] == "public, max-age=300"
    assert json.loads(response["body"])["openapi"]


@pytest.mark.parametrize("route", sorted(set(routes.ROUTES) - routes.PUBLIC))
def test_a_request_without_a_caller_is_refused_by_every_other_route(route):
    event = http_event(route)
    del event["requestContext"]["authorizer"]
    response = entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    assert response["statusCode"] == 403


def test_a_list_shows_what_the_rows_say_now_and_not_the_index(world, monkeypatch):
    stays, settles, goes, foreign = announce(4)
    page = SimpleNamespace(image_ids=(stays, settles, goes, foreign), cursor="")
    monkeypatch.setattr("handlers.api.listing.Listing.page", lambda *_, **__: page)
    world.deliver(world.upload(settles, b"pixels"))
    delete(goes)
    table = world.catalog
    table._client.update_item(
        TableName=table._table,
        Key={"ImageID": {"S": foreign}},
        UpdateExpression="SET #o = :bob",
        ExpressionAttributeNames={"#o": "Owner"},
        ExpressionAttributeValues={":bob": {"S": BOB}},
    )
    assert listed() == [stays, settles]
    assert listed(status="PENDING") == [stays]


def test_a_batch_that_is_not_done_asks_to_come_again():
    announce(2, batchId="b1")
    event = http_event(routes.GET_BATCH, path={"batchId": "b1"})
    response = entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    assert response["headers"]["Retry-After"] == "1"
    assert response["headers"]["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("batch_id", ["unheard-of", "", "a b", "x" * 65, "a\n", "../x", "é"])
def test_a_batch_that_cannot_be_is_unknown(batch_id):
    status, document = ask(routes.GET_BATCH, path={"batchId": batch_id})
    assert (status, problem_of(document)) == (404, "unknown-batch")


def test_deleting_removes_the_original_and_the_variants_and_records_it(world):
    [image_id] = announce()
    world.deliver(world.upload(image_id, b"pixels"))
    assert world.variants()
    assert delete(image_id) == (204, None)
    assert world.variants() == {}
    assert world.is_deleted(image_id)
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)
    assert delete(image_id) == (204, None)


@pytest.mark.parametrize("caller", [BOB, OPERATOR])
def test_only_owners_and_operators_delete(world, caller):
    [image_id] = announce()
    assert delete(image_id, caller) == (204, None)
    assert world.is_deleted(image_id) == (caller == OPERATOR)


def test_a_deleted_image_is_unknown_to_everybody():
    [image_id] = announce()
    delete(image_id)
    for caller in (ADA, OPERATOR):
        status, document = ask(routes.GET_IMAGE, caller, path={"imageId": image_id})
        assert (status, problem_of(document)) == (404, "unknown-image")
        assert ask(routes.LIST_IMAGES, caller)[1] == {"images": []}
    again = {"files": [FILE | {"imageId": image_id}]}
    [answer] = ask(routes.CREATE_UPLOADS, body=json.dumps(again))[1]["files"]
    assert problem_of(answer["error"]) == "unknown-image"


def test_an_image_that_is_settled_while_it_is_deleted_is_deleted_all_the_same(world, monkeypatch):
    [image_id] = announce()
    record = world.upload(image_id, b"pixels")
    remove = Buckets.remove_original

    def meanwhile(self, key):
        monkeypatch.setattr(Buckets, "remove_original", remove)
        world.deliver(record)
        remove(self, key)

    monkeypatch.setattr(Buckets, "remove_original", meanwhile)
    assert delete(image_id) == (204, None)
    assert world.is_deleted(image_id)
    assert world.variants() == {}
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)


def test_an_image_uploaded_again_while_it_is_deleted_is_deleted_with_its_original(world, monkeypatch):
    [image_id] = announce()
    world.deliver(world.upload(image_id, b"pixels"))
    mark = Catalog.mark_deleted

    def meanwhile(self, row):
        monkeypatch.setattr(Catalog, "mark_deleted", mark)
        world.deliver(world.upload(image_id, b"more pixels"))
        return mark(self, row)

    monkeypatch.setattr(Catalog, "mark_deleted", meanwhile)
    assert delete(image_id) == (204, None)
    assert world.is_deleted(image_id)
    assert world.variants() == {}
    assert "Contents" not in world.s3.list_objects_v2(Bucket=ORIGINALS)


@pytest.mark.parametrize(
    ("part", "method"),
    [(Catalog, "mark_deleted"), (Buckets, "remove_variants"), (Catalog, "forget")],
)
def test_a_deletion_that_ends_early_is_finished_by_the_event_about_the_original(
    world, monkeypatch, part, method
):
    [image_id] = announce()
    world.deliver(world.upload(image_id, b"pixels"))
    with monkeypatch.context() as broken:
        broken.setattr(part, method, Failing(None, method).__getattr__(method))
        assert delete(image_id)[0] == 500
    assert world.deliver(world.removal(image_id)) == ["done Removed"]
    assert world.is_deleted(image_id)
    assert world.variants() == {}


def test_an_image_that_changes_all_the_time_is_not_deleted_but_said_to_be_busy(monkeypatch):
    [image_id] = announce()

    def changed(_, row):
        raise RowChanged(row["ImageID"])

    monkeypatch.setattr(Catalog, "mark_deleted", changed)
    status, document = delete(image_id)
    assert (status, problem_of(document)) == (503, "busy")


def test_a_table_that_takes_no_more_makes_the_service_busy_and_not_broken(monkeypatch):
    def full(*_):
        raise TableBusy

    monkeypatch.setattr(Catalog, "put_pending", full)
    status, document = ask(routes.CREATE_UPLOADS, body=json.dumps({"files": [FILE]}))
    assert (status, problem_of(document)) == (503, "busy")


def test_nobody_without_a_name_is_served(world):
    for route in set(routes.ROUTES) - routes.PUBLIC:
        status, document = ask(route, None, json.dumps({"files": [FILE]}))
        assert (status, problem_of(document)) == (403, "unidentified-caller")
    assert world.catalog._client.scan(TableName="ImageMetadata")["Count"] == 0
