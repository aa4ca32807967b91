"""From a client's file to variants and metadata, the way every photograph travels."""

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from bench.metadata.originals import ARTIST, MAKE, MODEL, TAKEN, TAKEN_OFFSET
from bench.metadata.originals import signed as photograph_signed_by
from bench.metadata.packets import said_by
from handlers.contract import keys
from imagectl.api_client import Service
from local.api_client import client, signed
from local.sample_run import process
from tests.e2e.actions import (
    announce,
    created,
    dead_letters,
    eventually,
    image,
    outcomes,
    post,
    row,
    send,
    settled,
    upload,
    variant_keys,
)

SAMPLES = sorted((Path(__file__).parents[2] / "local" / "samples").glob("*.jpg"))


@pytest.mark.parametrize("photograph", SAMPLES, ids=lambda path: path.stem)
def test_a_photograph_becomes_its_variants(system, photograph):
    image_id = upload(system, photograph.name, photograph.read_bytes())
    document = settled(system, image_id)

    assert document["status"] == "READY"
    assert document["fileName"] == photograph.name
    with Image.open(photograph) as original:
        assert (document["width"], document["height"]) == original.size
    assert list(document["variants"]) or document["variants"].keys() == {"thumbnail", "small", "large"}
    for variant in document["variants"].values():
        served = system.api.http.get(variant["url"], timeout=10)
        assert served.headers["Content-Type"] == variant["contentType"]
        assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert len(served.content) == variant["bytes"]
        with Image.open(io.BytesIO(served.content)) as rendered:
            assert rendered.size == (variant["width"], variant["height"])
            assert Image.MIME[rendered.format] == variant["contentType"]


def test_a_signed_photograph_keeps_its_author_and_no_place_and_says_when_it_was_taken(system):
    original = photograph_signed_by(
        "JPEG",
        Image.linear_gradient("L").resize((800, 600)),
        texts={ARTIST: b"Jane Doe\0", MAKE: b"Canon\0", MODEL: b"Canon EOS R5\0"},
        details={TAKEN: b"2026:01:02 03:04:05\0", TAKEN_OFFSET: b"+01:00\0"},
        gps={29: b"59.3293N18.0686E"},
    )
    document = settled(system, upload(system, "signed.jpg", original))
    assert (document["capturedAt"], document["camera"]) == ("2026-01-02T03:04:05+01:00", "Canon EOS R5")
    served = {
        name: system.api.http.get(variant["url"], timeout=10).content
        for name, variant in document["variants"].items()
    }
    author = {"creator": ["Jane Doe"]}
    said = {name: said_by(variant) for name, variant in served.items()}
    assert said == {"thumbnail": {}, "small": author, "large": author}
    assert not any(b"59.3293N" in variant for variant in served.values())


def test_a_raw_file_is_rejected_for_what_it_is(system):
    raw = b"II*\0\x10\0\0\0CR\x02\0" + bytes(1_000)
    document = settled(system, upload(system, "IMG_0001.tif", raw))
    assert (document["status"], document["reason"]) == ("REJECTED", "RawNotSupported")


def test_the_thumbnail_is_128_by_128_jpeg_and_the_row_points_at_it(system, photograph):
    image_id = upload(system, "dogs.jpg", photograph)
    settled(system, image_id)

    item = row(system, image_id)
    assert item["Bucket"]["S"] == system.outputs["variantsBucket"]
    found = system.client("s3").get_object(Bucket=item["Bucket"]["S"], Key=item["ResizedImageKey"]["S"])
    with Image.open(found["Body"]) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (128, 128))
    assert "ExpiresAt" not in item


def test_an_announced_image_is_pending_until_it_is_uploaded(system):
    image_id, _ = announce(system, "later.jpg", 1000)
    document = image(system, image_id)
    assert document["status"] == "PENDING"
    assert "variants" not in document
    assert "ExpiresAt" in row(system, image_id)


def test_a_small_image_can_be_the_body_of_a_request(system, photograph):
    answer = system.api.call("POST", "/images", content=photograph, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 202
    document = answer.json()
    assert answer.headers["Location"] == document["location"] == f"/images/{document['imageId']}"
    assert settled(system, document["imageId"])["status"] == "READY"


@pytest.mark.parametrize(
    "image_id",
    [
        "my holiday photo.jpg",
        "1+1=2.jpg",
        "Grüße/2026/Größe 日本語 📷.jpg",
        "folder/sub folder/a&b;c,d.jpg",
        "50%25 off.jpg",
        "resized/uploads/x",
    ],
)
def test_files_dropped_under_uploads_work_whatever_their_names(system, photograph, image_id):
    key = keys.original_key(image_id)
    bucket = system.outputs["originalsBucket"]
    system.client("s3", system.operator).put_object(Bucket=bucket, Key=key, Body=photograph)
    document = settled(system, image_id)
    assert document["status"] == "READY"
    assert document["imageId"] == image_id
    assert system.api.http.get(document["variants"]["small"]["url"], timeout=10).status_code == 200


def test_a_corrupt_image_is_rejected_with_its_reason_and_never_retried(system, photograph):
    damaged = {
        "nothing.jpg": b"this is no image",
        "half.jpg": photograph[: len(photograph) // 2],
    }
    for name, data in damaged.items():
        image_id = upload(system, name, data)
        document = settled(system, image_id)
        assert document["status"] == "REJECTED"
        assert document["reason"] == {"nothing.jpg": "NotAnImage", "half.jpg": "Truncated"}[name]
        assert document["attempts"] == 1
        assert variant_keys(system, image_id) == set()
        assert [line["outcome"] for line in outcomes(system, image_id, expected=1)] == ["rejected"]
        assert dead_letters(system, image_id) == []


def test_an_upload_again_replaces_the_image_and_leaves_nothing_of_the_old_one(system, photograph):
    image_id, policy = announce(system, "twice.jpg", len(photograph))
    post(system, policy, photograph)
    first = settled(system, image_id)
    before = variant_keys(system, image_id)

    half = io.BytesIO()
    Image.open(io.BytesIO(photograph)).resize((300, 200)).save(half, "JPEG")
    post(system, policy, half.getvalue())

    assert eventually(lambda: image(system, image_id)["width"] == 300)
    after = eventually(lambda: len(found := variant_keys(system, image_id)) == 3 and found)
    assert first["width"] != 300
    assert not before & after


def test_deleting_an_original_removes_its_variants(system, photograph):
    image_id = upload(system, "gone.jpg", photograph)
    settled(system, image_id)
    assert len(variant_keys(system, image_id)) == 3

    system.client("s3", system.operator).delete_object(
        Bucket=system.outputs["originalsBucket"], Key=keys.original_key(image_id)
    )

    assert eventually(lambda: row(system, image_id)["Status"] == {"S": "DELETED"})
    assert eventually(lambda: "Variants" not in row(system, image_id))
    assert variant_keys(system, image_id) == set()
    assert system.api.call("GET", f"/images/{quote(image_id)}").status_code == 404


def test_a_duplicate_event_changes_nothing_and_costs_no_second_rendering(system, photograph):
    image_id = upload(system, "duplicate.jpg", photograph)
    settled(system, image_id)
    item = row(system, image_id)

    again = created(
        system,
        keys.original_key(image_id),
        item["Sequencer"]["S"],
        size=len(photograph),
        eTag=item["ETag"]["S"],
        versionId=item["VersionId"]["S"],
    )
    send(system, again)

    assert [line["reason"] for line in outcomes(system, image_id, expected=2)] == ["Ready", "Duplicate"]
    assert row(system, image_id) == item
    assert len(variant_keys(system, image_id)) == 3


def test_an_older_event_never_overwrites_a_newer_image(system, photograph):
    image_id = upload(system, "order.jpg", photograph)
    settled(system, image_id)
    item = row(system, image_id)

    send(system, created(system, keys.original_key(image_id), "00000000000000001", versionId="older"))

    assert outcomes(system, image_id, expected=2)[-1]["reason"] == "Stale"
    assert row(system, image_id) == item
    assert len(variant_keys(system, image_id)) == 3


def test_an_unknown_image_is_a_problem_document(system):
    answer = system.api.call("GET", "/images/no-such-image")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:image-intake:problem:unknown-image"


def test_a_sample_run_stores_variants_and_reports_each_photograph(system, photograph, tmp_path):
    folder = tmp_path / "photographs"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "good.jpg").write_bytes(photograph)
    (folder / "broken.jpg").write_bytes(photograph[:1000])
    (folder / "notes.txt").write_text("not an image")
    with client() as http:
        http.auth = signed(system.uploader, system.region)
        found = process(Service(http, system.api.url), folder, tmp_path / "results")
    assert [(each.name, each.status) for each in found] == [
        ("broken.jpg", "REJECTED"),
        ("sub/good.jpg", "READY"),
    ]
    assert (found[0].reason, found[0].milliseconds) == ("Truncated", 0)
    assert found[1].milliseconds > 0
    stored = {path.name for path in (tmp_path / "results" / "sub" / "good.jpg").iterdir()}
    assert stored == {"thumbnail.jpg", "small.webp", "large.webp"}
