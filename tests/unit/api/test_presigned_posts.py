import base64
import json
import re
from datetime import datetime
from types import SimpleNamespace

import pytest
from botocore.auth import S3SigV4PostAuth
from botocore.credentials import ReadOnlyCredentials

from handlers.api.presigned_posts import Announced, PresignedPosts
from handlers.contract.original_metadata import encode
from tests.unit.resize_environment import ORIGINALS, REGION

NOW = datetime.fromisoformat("2026-03-04T05:06:07.890Z").timestamp()
ROW = {
    "ImageID": "a",
    "Owner": "arn:aws:iam::123456789012:user/ada",
    "FileName": "holiday.jpg",
    "BatchID": "b1",
    "CreatedAt": "2026-03-04T05:06:07.890Z",
}
JPEG = Announced(name="holiday.jpg", content_type="image/jpeg", size=1234)
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
CREDENTIALS = ReadOnlyCredentials("testing", "testing", None, None)


def policies(clients, *, seconds=900, credentials=CREDENTIALS, now=NOW, key=""):
    return PresignedPosts(
        clients["s3"],
        bucket=ORIGINALS,
        seconds=seconds,
        kms_key_arn=key,
        credentials=lambda: credentials,
        clock=lambda: now,
    )


def decoded(upload):
    return json.loads(base64.b64decode(upload.fields["policy"]))


def conditions(upload):
    """The policy's conditions by field, in one form."""
    found = {}
    for condition in decoded(upload)["conditions"]:
        if isinstance(condition, dict):
            [(name, value)] = condition.items()
            found[name] = ("eq", value)
        elif condition[0] == "content-length-range":
            found["content-length-range"] = tuple(condition[1:])
        else:
            found[condition[1].removeprefix("$")] = (condition[0], condition[2])
    return found


@pytest.mark.parametrize("image_id", ["an id", "山/😀", "100%"])
def test_a_policy_binds_bucket_key_type_and_size_exactly(clients, image_id):
    bound = conditions(policies(clients).signer()(ROW | {"ImageID": image_id}, JPEG))
    assert bound["bucket"] == ("eq", ORIGINALS)
    assert bound["key"] == ("eq", f"uploads/{image_id}")
    assert bound["Content-Type"] == ("eq", "image/jpeg")
    assert bound["content-length-range"] == (1, 1234)


def test_a_policy_binds_what_was_announced_exactly(clients):
    bound = conditions(policies(clients).signer()(ROW, JPEG))
    metadata = {name: value for name, value in bound.items() if name.startswith("x-amz-meta-")}
    assert metadata == {f"x-amz-meta-{key}": ("eq", value) for key, value in encode(ROW).items()}
    assert len(metadata) == 4


@pytest.mark.parametrize("key", ["", KEY])
def test_the_fields_satisfy_every_condition_of_the_policy(clients, key):
    upload = policies(clients, key=key).signer()(ROW, JPEG)
    bound = conditions(upload)
    given = set(upload.fields) - {"policy", "x-amz-signature"}
    assert given == set(bound) - {"bucket", "content-length-range"}
    for name in given:
        assert bound[name] == ("eq", upload.fields[name])


def test_without_a_key_s3_encrypts_with_its_own_and_the_form_cannot_say_otherwise(clients):
    upload = policies(clients).signer()(ROW, JPEG)
    assert conditions(upload)["x-amz-server-side-encryption"] == ("eq", "AES256")
    assert "x-amz-server-side-encryption-aws-kms-key-id" not in upload.fields


def test_with_a_key_the_form_names_it_and_no_other(clients):
    upload = policies(clients, key=KEY).signer()(ROW, JPEG)
    bound = conditions(upload)
    assert bound["x-amz-server-side-encryption"] == ("eq", "aws:kms")
    assert bound["x-amz-server-side-encryption-aws-kms-key-id"] == ("eq", KEY)
    assert upload.fields["x-amz-server-side-encryption-aws-kms-key-id"] == KEY


@pytest.mark.parametrize("seconds", [60, 900])
def test_a_policy_ends_when_the_client_is_told_and_after_the_seconds_of_the_settings(clients, seconds):
    upload = policies(clients, seconds=seconds).signer()(ROW, JPEG)
    ends = [datetime.fromisoformat(each) for each in (decoded(upload)["expiration"], upload.expires_at)]
    assert ends[0] == ends[1]
    assert seconds - 1 <= ends[0].timestamp() - NOW <= seconds


def test_the_token_of_a_role_is_bound_too(clients):
    credentials = ReadOnlyCredentials("testing", "testing", "token", None)
    upload = policies(clients, credentials=credentials).signer()(ROW, JPEG)
    assert upload.fields["x-amz-security-token"] == "token"
    assert conditions(upload)["x-amz-security-token"] == ("eq", "token")


@pytest.mark.parametrize("key", ["", KEY])
def test_the_signature_is_the_one_that_botocore_makes(clients, key):
    theirs = clients["s3"].generate_presigned_post(Bucket=ORIGINALS, Key="uploads/a")
    stamp = theirs["fields"]["x-amz-date"]
    now = datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
    ours = policies(clients, now=now, key=key).signer()(ROW, JPEG)
    assert ours.url == theirs["url"]
    for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date"):
        assert ours.fields[name] == theirs["fields"][name]
    signer = S3SigV4PostAuth(CREDENTIALS, "s3", REGION)
    request = SimpleNamespace(context={"timestamp": stamp})
    assert ours.fields["x-amz-signature"] == signer.signature(ours.fields["policy"], request)


def test_a_checksum_that_was_announced_is_bound(clients):
    digest = base64.b64encode(bytes(32)).decode()
    upload = policies(clients).signer()(
        ROW, Announced(name="a", content_type="image/png", size=1, sha256=digest)
    )
    assert conditions(upload)["x-amz-checksum-sha256"] == ("eq", digest)


def test_every_image_has_a_signature_of_its_own(clients):
    sign = policies(clients).signer()
    signatures = {sign(ROW | {"ImageID": image_id}, JPEG).fields["x-amz-signature"] for image_id in "abc"}
    assert len(signatures) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", signature) for signature in signatures)
