"""Permanent URLs through the emulator's edge, which asks the bucket's policy and caches nothing."""

from urllib.parse import quote

import httpx
import pytest

from local.system import PROJECT, deployed
from tests.e2e.actions import eventually
from tests.e2e.callers import denied, role_credentials

DOGS = (PROJECT / "local" / "samples" / "dogs.jpg").read_bytes()
PAGE = "https://www.example.com"
CERTIFICATE = "arn:aws:acm:{}:000000000000:certificate/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def system():
    config = {
        "delivery": True,
        "deliverySeconds": 30,
        "accessLogs": True,
        "kmsKey": "create",
        "corsOrigins": [PAGE],
        "apiDomain": "api.example.com",
        "apiCertificate": CERTIFICATE.format("eu-central-1"),
        "deliveryDomain": "images.example.com",
        "deliveryCertificate": CERTIFICATE.format("us-east-1"),
    }
    with deployed(config=config) as running:
        yield running


@pytest.fixture(scope="module")
def view(system):
    """Ask the edge for a path, as a browser that came over TLS."""
    with httpx.Client(base_url=system.endpoint) as client:

        def get(path, method="GET", **headers):
            given = {"Host": system.outputs["deliveryTarget"], "X-Forwarded-Proto": "https", **headers}
            return client.request(method, path, headers=given)

        yield get


@pytest.fixture(scope="module")
def image_id(system):
    answer = system.api.call("POST", "/images", content=DOGS, headers={"content-type": "image/jpeg"})
    found = answer.json()["imageId"]
    assert eventually(lambda: status(system, found) == "READY")
    return found


def status(system, image_id):
    return system.api.call("GET", f"/images/{quote(image_id)}").json().get("status")


def test_whoever_knows_an_id_gets_the_image_with_one_redirect(view, image_id):
    redirect = view(f"/i/{image_id}/small")
    assert (redirect.status_code, redirect.headers["cache-control"]) == (302, "public, max-age=30")
    location = redirect.headers["location"]
    assert location.startswith(f"/resized/{image_id}/")
    variant = view(location)
    assert (variant.status_code, variant.headers["content-type"]) == (200, "image/webp")
    assert variant.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert variant.content[8:12] == b"WEBP"


def test_a_redirect_of_the_api_leads_to_the_same_image(system, view, image_id):
    redirect = system.api.call("GET", f"/images/{image_id}/variants/small")
    assert redirect.status_code == 302
    signed = httpx.get(redirect.headers["location"])
    assert signed.content == view(view(f"/i/{image_id}/small").headers["location"]).content


@pytest.mark.parametrize("path", ["/i/{}/huge", "/i/unknown/small", "/i/{}/", "/i/{}", "/i/{}/small/small"])
def test_what_does_not_exist_is_a_cacheable_404(view, image_id, path):
    answer = view(path.format(image_id))
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "public, max-age=30")


def test_an_image_that_was_deleted_is_gone_with_its_variants(system, view):
    answer = system.api.call("POST", "/images", content=DOGS, headers={"content-type": "image/jpeg"})
    image_id = answer.json()["imageId"]
    assert view(f"/i/{image_id}/small").status_code in {302, 404}
    assert eventually(lambda: status(system, image_id) == "READY")
    key = view(f"/i/{image_id}/small").headers["location"]
    assert view(key).status_code == 200
    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    assert view(f"/i/{image_id}/small").status_code == 404
    # S3 does not tell those who may not list a bucket what it does not hold.
    assert view(key).status_code == 403


@pytest.mark.parametrize("image_id", ["2026/01 ü/100%.jpg", "a+b?c#d"])
def test_a_file_dropped_into_the_bucket_has_a_permanent_url_too(system, view, image_id):
    system.client("s3").put_object(
        Bucket=system.outputs["originalsBucket"], Key=f"uploads/{image_id}", Body=DOGS
    )
    assert eventually(lambda: view(f"/i/{quote(image_id)}/small").status_code == 302)
    assert view(view(f"/i/{quote(image_id)}/small").headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/?list-type=2", "/secret", "/uploads/x", "/resized/", "/resized/../secret"]
)
def test_nothing_but_variants_can_be_read_and_nothing_listed(system, view, path):
    system.client("s3").put_object(Bucket=system.outputs["variantsBucket"], Key="secret", Body=b"classified")
    answer = view(path)
    assert answer.status_code == 403
    assert b"classified" not in answer.content
    assert b"ListBucketResult" not in answer.content


@pytest.mark.parametrize("path", ["/i/{}/small", "/resized/{}/x/small.webp"])
def test_every_answer_has_the_headers_that_keep_an_image_an_image(view, image_id, path):
    headers = view(path.format(image_id), Origin=PAGE).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in headers


def test_pages_of_other_origins_may_show_images_and_not_read_their_pixels(view, image_id):
    assert (
        "access-control-allow-origin" not in view(f"/i/{image_id}/small", Origin="https://evil.test").headers
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(view, image_id, method):
    assert view(f"/i/{image_id}/small", method).status_code == 403


def test_plain_http_is_sent_to_tls(view, image_id):
    answer = view(f"/i/{image_id}/small", **{"X-Forwarded-Proto": "http"})
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("https://")


@pytest.mark.parametrize(
    ("read", "names"),
    [
        ("ImageID, #Status, Variants", {"#Status": "Status"}),
        ("Variants", {}),
    ],
)
def test_the_function_may_read_where_variants_are(system, image_id, read, names):
    assert not refused(system, image_id, read, names)


@pytest.mark.parametrize(
    ("read", "names"),
    [("", {}), ("FileName", {}), ("Variants, #Owner", {"#Owner": "Owner"}), ("Variants, OriginalKey", {})],
)
def test_the_function_may_not_read_whose_an_image_is(system, image_id, read, names):
    assert refused(system, image_id, read, names)


def refused(system, image_id, read, names):
    request = {"TableName": system.outputs["tableName"], "Key": {"ImageID": {"S": image_id}}}
    request |= {"ProjectionExpression": read} if read else {}
    request |= {"ExpressionAttributeNames": names} if names else {}
    role = role_credentials(system, system.outputs["deliveryFunctionName"])
    return denied(system.client("dynamodb", role), "get_item", request)


def test_the_function_may_do_nothing_else(system, image_id):
    role = role_credentials(system, system.outputs["deliveryFunctionName"])
    table = {"TableName": system.outputs["tableName"]}
    variants = {"Bucket": system.outputs["variantsBucket"]}
    for service, operation, arguments in (
        ("dynamodb", "scan", table),
        ("dynamodb", "delete_item", {**table, "Key": {"ImageID": {"S": image_id}}}),
        ("dynamodb", "put_item", {**table, "Item": {"ImageID": {"S": image_id}}}),
        ("s3", "list_objects_v2", variants),
        ("s3", "get_object", {**variants, "Key": "resized/x"}),
    ):
        assert denied(system.client(service, role), operation, arguments), operation
