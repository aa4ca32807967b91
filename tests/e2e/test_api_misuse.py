"""Attempts to store what should not be there, and names that try to be more than names."""

import base64
import hashlib
import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from handlers.api.presigned_posts import Announced, PresignedPosts
from handlers.contract import keys
from handlers.contract.original_metadata import HEADER_PREFIX, cut_file_name, encode
from handlers.contract.rows import ANNOUNCED
from tests.e2e.actions import announce, image, post, row, settled
from tests.e2e.test_boundaries import role_credentials


def refusal(answer):
    """What S3 answered, by its status and the code of its error."""
    code = answer.text.partition("<Code>")[2].partition("</Code>")[0]
    return answer.status_code, code


def stored(system, image_id):
    """How many versions of an original S3 holds."""
    listed = system.client("s3").list_object_versions(
        Bucket=system.outputs["originalsBucket"], Prefix=keys.original_key(image_id)
    )
    return len(listed.get("Versions", []))


@pytest.fixture
def announced(system, photograph):
    image_id, policy = announce(system, "policy.jpg", len(photograph))
    yield image_id, policy
    assert stored(system, image_id) == 0
    assert image(system, image_id)["status"] == "PENDING"


def test_more_bytes_than_declared_are_refused(system, announced, photograph):
    _, policy = announced
    assert refusal(post(system, policy, photograph + b"x")) == (400, "EntityTooLarge")


def test_an_empty_upload_is_refused(system, announced):
    _, policy = announced
    assert refusal(post(system, policy, b"")) == (400, "EntityTooSmall")


@pytest.mark.parametrize("content_type", ["text/html", "image/png", "image/jpeg; charset=x", "IMAGE/JPEG"])
def test_another_type_is_refused(system, announced, photograph, content_type):
    _, policy = announced
    assert refusal(post(system, policy, photograph, {"Content-Type": content_type})) == (403, "AccessDenied")


OWNER = f"{HEADER_PREFIX}intake-owner"
MALLORY = {HEADER_PREFIX + key: value for key, value in encode({"Owner": "mallory", "CreatedAt": ""}).items()}


@pytest.mark.parametrize(
    "change",
    [{OWNER: MALLORY[OWNER]}, {OWNER: ""}, {OWNER.upper(): MALLORY[OWNER]}, {f"{HEADER_PREFIX}more": "x"}],
    ids=["changed", "emptied", "doubled", "added"],
)
def test_what_was_announced_can_be_neither_changed_nor_added_to(system, announced, photograph, change):
    _, policy = announced
    assert refusal(post(system, policy, photograph, change)) == (403, "AccessDenied")


def test_what_was_announced_cannot_be_left_out(system, announced, photograph):
    _, policy = announced
    bound = [name for name in policy["fields"] if name.startswith(HEADER_PREFIX)]
    assert len(bound) == 4
    for left_out in (bound, *([name] for name in bound)):
        fields = {name: value for name, value in policy["fields"].items() if name not in left_out}
        assert refusal(post(system, policy | {"fields": fields}, photograph)) == (403, "AccessDenied")


def test_an_upload_after_its_row_is_gone_keeps_its_owner_name_and_batch(system, photograph):
    image_id, policy = announce(system, "山 <after> the row is gone.jpg", len(photograph))
    before = row(system, image_id)
    system.client("dynamodb").delete_item(
        TableName=system.outputs["tableName"], Key={"ImageID": {"S": image_id}}
    )
    assert post(system, policy, photograph).status_code == 204
    assert settled(system, image_id)["status"] == "READY"
    after = row(system, image_id)
    assert {name: after[name] for name in ANNOUNCED} == {name: before[name] for name in ANNOUNCED}
    assert system.api.call("GET", f"/images/{image_id}").json()["fileName"] == before["FileName"]["S"]


@pytest.mark.parametrize(
    "key", ["uploads/elsewhere", "uploads/../elsewhere", "resized/x", "elsewhere", "uploads/${filename}"]
)
def test_another_key_is_refused(system, announced, photograph, key):
    _, policy = announced
    assert refusal(post(system, policy, photograph, {"key": key})) == (403, "AccessDenied")


def test_the_key_of_another_announced_image_is_refused(system, announced, photograph):
    _, policy = announced
    other, _ = announce(system, "other.jpg", len(photograph))
    answer = post(system, policy, photograph, {"key": keys.original_key(other)})
    assert refusal(answer) == (403, "AccessDenied")
    assert stored(system, other) == 0


def test_another_bucket_is_refused(system, announced, photograph):
    _, policy = announced
    url = policy["url"].replace(system.outputs["originalsBucket"], system.outputs["variantsBucket"])
    assert url != policy["url"]
    assert refusal(post(system, policy | {"url": url}, photograph)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("acl", "public-read"),
        ("x-amz-meta-anything", "x"),
        ("x-amz-tagging", "<Tagging/>"),
        ("x-amz-storage-class", "GLACIER"),
        ("Cache-Control", "max-age=1"),
        ("success_action_redirect", "https://elsewhere.example"),
    ],
)
def test_fields_that_the_policy_does_not_name_are_refused(system, announced, photograph, field, value):
    _, policy = announced
    assert refusal(post(system, policy, photograph, {field: value})) == (403, "AccessDenied")


def test_a_tampered_policy_is_refused(system, announced, photograph):
    _, policy = announced
    document = json.loads(base64.b64decode(policy["fields"]["policy"]))
    document["conditions"] = [each for each in document["conditions"] if "content-length-range" not in each]
    loosened = base64.b64encode(json.dumps(document).encode()).decode()
    answer = post(system, policy, photograph * 2, {"policy": loosened})
    assert refusal(answer) == (403, "SignatureDoesNotMatch")


def test_a_signature_of_another_policy_is_refused(system, announced, photograph):
    _, policy = announced
    _, other = announce(system, "other.jpg", len(photograph))
    forged = {"x-amz-signature": other["fields"]["x-amz-signature"]}
    assert refusal(post(system, policy, photograph, forged)) == (403, "SignatureDoesNotMatch")


def test_a_form_without_its_policy_is_refused(system, announced, photograph):
    _, policy = announced
    bare = policy | {"fields": {name: policy["fields"][name] for name in ("key", "Content-Type")}}
    assert refusal(post(system, bare, photograph))[0] == 403


def policy_of(system, seconds_ago, image_id, file):
    """A policy like those of the API function, with its own credentials, signed some time ago."""
    role = role_credentials(system, system.outputs["apiFunctionName"])
    key = ReadOnlyCredentials(role.access_key_id, role.secret_access_key, role.session_token)
    client = boto3.client(
        "s3",
        endpoint_url=system.endpoint,
        region_name=system.region,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
    )
    policies = PresignedPosts(
        client,
        bucket=system.outputs["originalsBucket"],
        seconds=900,
        kms_key_arn="",
        credentials=lambda: key,
        clock=lambda: time.time() - seconds_ago,
    )
    row = {"ImageID": image_id, "Owner": "somebody", "CreatedAt": "2026-01-02T03:04:05.678Z"}
    upload = policies.signer()(row, file)
    return {"url": upload.url, "fields": upload.fields}


def test_a_policy_is_good_for_a_quarter_of_an_hour_and_not_a_second_longer(system, photograph):
    image_id, _ = announce(system, "late.jpg", len(photograph))
    file = Announced(name="late.jpg", content_type="image/jpeg", size=len(photograph))
    late = post(system, policy_of(system, 901, image_id, file), photograph)
    assert refusal(late) == (403, "AccessDenied")
    assert "Policy expired" in late.text
    assert stored(system, image_id) == 0
    in_time = post(system, policy_of(system, 840, image_id, file), photograph)
    assert in_time.status_code == 204


def test_a_checksum_is_part_of_the_policy(system, photograph):
    digest = base64.b64encode(hashlib.sha256(photograph).digest()).decode()
    file = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": len(photograph), "sha256": digest}
    [answer] = system.api.call("POST", "/uploads", json={"files": [file]}).json()["files"]
    fields = answer["upload"]["fields"]
    assert fields["x-amz-checksum-sha256"] == digest
    # The emulator does not compute checksums; that S3 gets one it cannot be talked out of is ours.
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert {"x-amz-checksum-sha256": digest} in conditions
    assert {"x-amz-checksum-algorithm": "SHA256"} in conditions
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for change in ({"x-amz-checksum-sha256": other}, {"x-amz-checksum-algorithm": "CRC32"}):
        assert refusal(post(system, answer["upload"], photograph, change)) == (403, "AccessDenied")
    without = {name: value for name, value in fields.items() if "checksum" not in name}
    bare = answer["upload"] | {"fields": without}
    assert refusal(post(system, bare, photograph)) == (403, "AccessDenied")
    assert post(system, answer["upload"], photograph).status_code == 204


NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "/absolute.jpg",
    "uploads/../resized/x.jpg",
    "a\x00b.jpg",
    "line\r\nX-Injected: 1.jpg",
    "<script>alert(1)</script>.jpg",
    "${filename}",
    "\u202egpj.exe",
    "👩‍👩‍👧 Grüße.jpg",
    "x" * 1024,
]


@pytest.mark.parametrize("name", NAMES, ids=[f"{name[:20]!a}" for name in NAMES])
def test_a_file_name_is_only_ever_metadata(system, name):
    image_id, policy = announce(system, name, 10)
    assert policy["fields"]["key"] == keys.original_key(image_id)
    assert image(system, image_id)["fileName"] == cut_file_name(name)
    assert row(system, image_id)["FileName"]["S"] == cut_file_name(name)


IDS = [
    "%2e%2e%2fopenapi.json",
    "..%2Fopenapi.json",
    "..%2F..%2Fbatches%2Fx",
    "..%5c..%5cx",
    "%00",
    "a%00b",
    "%F0%9F%93%B7",
    "%FF%FE",
    "%25252e",
    "a%0d%0aX-Injected:%201",
    "%3Cscript%3E",
    "uploads%2Fx",
    "%7B%7D",
    "x" * 2000,
]


@pytest.mark.parametrize("path", IDS, ids=[each[:24] for each in IDS])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_plays_tricks_names_no_image(system, method, path):
    answer = system.api.call(method, f"/images/{path}", caller=system.operator)
    expected = {"GET": {403, 404}, "DELETE": {204, 403, 404}}[method]
    assert answer.status_code in expected, answer.text
    assert "X-Injected" not in answer.headers


def test_a_body_of_another_kind_than_declared_is_rejected_by_its_bytes(system):
    page = b"<html><script>alert(1)</script></html>"
    answer = system.api.call("POST", "/images", content=page, headers={"Content-Type": "image/png"})
    assert settled(system, answer.json()["imageId"])["reason"] == "NotAnImage"
    refused = system.api.call("POST", "/images", content=page, headers={"Content-Type": "text/html"})
    assert refused.status_code == 415
