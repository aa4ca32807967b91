"""The delivery function as its function URL calls it: composed from its environment, over a table."""

from types import SimpleNamespace
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.contract import keys
from handlers.contract.settings import DeliverySettings, SettingsError, variables
from handlers.delivery import entry_point
from tests.unit.resize_environment import MAX_RECEIVE_COUNT, TABLE, delivery_settings

SECONDS = 45
CACHEABLE = {"Cache-Control": f"public, max-age={SECONDS}"}
NOT_FOUND = {"statusCode": 404, "headers": CACHEABLE}


@pytest.fixture
def reads(monkeypatch, clients):
    """The requests that the function makes."""
    made = []
    client = clients["dynamodb"]

    class Counted:
        def __getattr__(self, name):
            def call(**request):
                made.append((name, request))
                return getattr(client, name)(**request)

            return call

    monkeypatch.setattr(entry_point.clients, "dynamodb", Counted)
    return made


@pytest.fixture
def ask(world, service, reads, monkeypatch):
    for name, value in variables(DeliverySettings, delivery_settings(delivery_seconds=SECONDS)).items():
        monkeypatch.setenv(name, value)
    entry_point.compose.cache_clear()
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html: the path is as the client sent it.
    yield lambda path: entry_point.handler(
        {"version": "2.0", "rawPath": path}, SimpleNamespace(aws_request_id="r1")
    )
    entry_point.compose.cache_clear()


@pytest.mark.parametrize("image_id", ["a", "2026/01/a.jpg", "a b", "100%", "山/😀", "?#&", "i/small", "a//b"])
def test_a_permanent_url_leads_to_the_key_that_the_variant_has_now(ask, world, reads, image_id):
    world.deliver(world.upload(image_id))
    key = world.row(image_id)["Variants"]["small"]["Key"]
    assert ask(f"/i/{quote(image_id)}/small") == {
        "statusCode": 302,
        "headers": {"Location": f"/{quote(key)}", **CACHEABLE},
    }
    assert len(reads) == 1


def test_a_permanent_url_outlives_the_rendering_that_it_led_to(ask, world):
    world.deliver(world.upload("a"))
    before = ask("/i/a/small")["headers"]["Location"]
    world.deliver(world.upload("a", b"another"))
    after = ask("/i/a/small")["headers"]["Location"]
    assert before != after == f"/{world.row('a')['Variants']['small']['Key']}"


def test_what_is_not_there_now_is_the_same_cacheable_404(ask, world):
    world.catalog.put_pending([{"ImageID": "pending", "OriginalKey": "uploads/pending"}])
    world.deliver(world.upload("rejected", b"not an image"))
    world.deliver(world.upload("deleted"))
    world.deliver(world.remove("deleted"))
    world.deliver(world.upload("failed"))
    world.render.error = RuntimeError("x")
    world.deliver(world.upload("failed", b"second"), attempt=MAX_RECEIVE_COUNT)
    assert "Variants" in world.row("failed")
    for image_id in ("unknown", "pending", "rejected", "deleted", "failed"):
        assert ask(f"/i/{image_id}/small") == NOT_FOUND, image_id


def test_a_variant_that_an_image_does_not_have_is_not_found(ask, world):
    world.deliver(world.upload("a"))
    assert ask("/i/a/huge") == NOT_FOUND


def test_a_row_that_holds_no_image_any_more_is_not_found(ask, dynamodb):
    dynamodb.put_item(TableName=TABLE, Item={"ImageID": {"S": "a"}, "DeletedAt": {"S": "2026"}})
    assert ask("/i/a/small") == NOT_FOUND


@pytest.mark.parametrize(
    "path", ["/", "/i/", "/i/a", "/i/a/", "/i/a/SMALL", "/i/../small", "/i/%FF/small", "/wp-login.php"]
)
def test_what_cannot_be_a_permanent_url_is_answered_without_a_read(ask, reads, path):
    assert ask(path) == NOT_FOUND
    assert reads == []


def test_an_answer_takes_one_consistent_read_of_nothing_but_where_the_variants_are(ask, reads):
    ask("/i/a/small")
    [(call, request)] = reads
    assert call == "get_item"
    assert request["ConsistentRead"] is True
    read = {
        request["ExpressionAttributeNames"][name.strip()]
        for name in request["ProjectionExpression"].split(",")
    }
    assert read == {"ImageID", "Status", "Variants"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_no_path_makes_the_function_fail(ask, image_id, name):
    assert ask(f"/i/{image_id}/{name}") == NOT_FOUND
    assert ask(f"/i/{quote(image_id)}/{quote(name, safe='')}") == NOT_FOUND


def test_a_failure_is_raised_so_that_it_is_counted(ask, dynamodb):
    dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(ClientError):
        ask("/i/a/small")


def test_a_log_line_about_a_failure_does_not_name_the_image(ask, dynamodb, capsys):
    dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(ClientError):
        ask("/i/secret-holiday/small")
    printed = capsys.readouterr().out
    assert "request failed" in printed
    assert "secret-holiday" not in printed


def test_a_function_without_its_settings_does_not_start(service, monkeypatch):
    monkeypatch.delenv("DELIVERY_SECONDS", raising=False)
    entry_point.compose.cache_clear()
    with pytest.raises(SettingsError):
        entry_point.compose()


def test_an_id_of_the_greatest_length_is_delivered(ask, world):
    image_id = "x" * keys.MAX_IMAGE_ID_BYTES
    world.deliver(world.upload(image_id))
    assert ask(f"/i/{image_id}/small")["statusCode"] == 302
