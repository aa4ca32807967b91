import hashlib
import io

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody

from handlers.storage import clients as made
from handlers.storage.buckets import Buckets
from tests.unit.resize_environment import ORIGINALS, VARIANTS, Failing, World

KEYS = ["uploads/a b", "uploads/1+1", "uploads/山/😀", "uploads/100%", "uploads/a&b<c>", "uploads/tab\there"]


@pytest.mark.parametrize("key", KEYS)
def test_an_original_is_fetched_with_its_version_and_declared_type(world, key):
    world.storage.put_original(key, b"pixels", "image/png", metadata={})
    head = world.s3.head_object(Bucket=ORIGINALS, Key=key)
    original = world.storage.fetch(key, max_bytes=100)
    assert (original.data, original.description["ContentType"]) == (b"pixels", "image/png")
    assert original.version == head["VersionId"]


def test_in_a_bucket_without_versions_the_version_is_the_etag(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    world.storage.put_original("uploads/a", b"pixels", "image/png", metadata={})
    etag = hashlib.md5(b"pixels").hexdigest()
    assert world.storage.fetch("uploads/a", max_bytes=100).version == etag


def test_an_object_from_before_versioning_has_its_etag_as_version(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    world.storage.put_original("uploads/a", b"pixels", "image/png", metadata={})
    state = {"Status": "Enabled"}
    world.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration=state)
    assert world.storage.fetch("uploads/a", max_bytes=100).version == hashlib.md5(b"pixels").hexdigest()


@pytest.mark.parametrize("size", [9, 10, 11, 50])
def test_no_more_is_read_than_shows_that_an_object_is_too_large(world, size):
    world.storage.put_original("uploads/a", b"x" * size, "image/png", metadata={})
    assert len(world.storage.fetch("uploads/a", max_bytes=10).data) == min(size, 11)


def test_an_empty_object_is_fetched(world):
    world.storage.put_original("uploads/a", b"", "image/png", metadata={})
    assert world.storage.fetch("uploads/a", max_bytes=10).data == b""


def test_an_original_that_was_never_there_is_none(world):
    assert world.storage.fetch("uploads/a", max_bytes=10) is None
    assert not world.storage.exists("uploads/a")


def test_an_original_that_was_removed_is_none(world):
    world.upload("a")
    assert world.storage.exists("uploads/a")
    world.remove("a")
    assert world.storage.fetch("uploads/a", max_bytes=10) is None
    assert not world.storage.exists("uploads/a")


class BrokenConnection:
    """An S3 whose connections break off early."""

    def get_object(self, **_):
        body = StreamingBody(io.BytesIO(b"pix"), content_length=6)
        return {"Body": body, "ContentLength": 6, "ETag": '"e"'}


def test_a_download_that_breaks_off_is_an_error_and_not_a_shorter_original():
    storage = Buckets(BrokenConnection(), originals_bucket=ORIGINALS, variants_bucket=VARIANTS)
    with pytest.raises(IncompleteReadError):
        storage.fetch("uploads/a", max_bytes=100)


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("get_object", lambda storage: storage.fetch("uploads/a", max_bytes=10)),
        ("head_object", lambda storage: storage.exists("uploads/a")),
    ],
)
@pytest.mark.parametrize("code", ["SlowDown", "403", "AccessDenied", "503"])
def test_an_error_of_s3_does_not_pass_for_an_original_that_is_gone(world, method, call, code):
    error = ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")
    failing = Failing(world.s3, method, error=error)
    with pytest.raises(ClientError, match=code):
        call(Buckets(failing, originals_bucket=ORIGINALS, variants_bucket=VARIANTS))


def test_a_variant_is_stored_with_its_type_and_may_be_cached_for_good(world):
    world.storage.put_variant("resized/a", b"small", "image/webp")
    stored = world.s3.get_object(Bucket=VARIANTS, Key="resized/a")
    assert stored["Body"].read() == b"small"
    assert stored["ContentType"] == "image/webp"
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"


def test_exactly_the_variants_given_are_removed_whatever_their_keys_hold(world):
    variants = [*KEYS, "resized/\x0b"]
    for key in [*variants, "resized/stays"]:
        world.storage.put_variant(key, b"small", "image/webp")
    world.storage.remove_variants(variants)
    assert set(world.variants()) == {"resized/stays"}


def test_removing_variants_that_are_not_there_is_no_error(world):
    world.storage.remove_variants(["resized/a"])


def test_every_client_gives_up_soon_because_the_queue_tries_again(aws):
    for client in (made.s3(), made.dynamodb(), made.sqs()):
        config = client.meta.config
        assert config.retries["total_max_attempts"] == 3
        assert config.connect_timeout + config.read_timeout < 30
