"""The operator's commands against the deployed program, with the rights of an operator."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import keys
from handlers.contract.presets import parse_presets, preset_hash
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed
from tests.e2e.actions import (
    announce,
    dead_letters,
    depth,
    eventually,
    post,
    row,
    send,
    settled,
    upload,
    variant_keys,
)
from tests.e2e.event_subscriber import Subscriber

Ran = subprocess.CompletedProcess[str]
NOTHING_IS_YOUNG = ("--grace-minutes", "0", "--stuck-minutes", "0")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of these tests' own: they send away all dead letters, and change the presets."""
    with deployed(
        config={"maxConcurrency": 2, "urlSeconds": 60, "batchSize": 2, "resizeTimeoutSeconds": 20}
    ) as running:
        yield running


@pytest.fixture
def imagectl(system: System, tmp_path: Path) -> Callable[..., Ran]:
    """Run a command as the stack's operator."""
    outputs = tmp_path / "outputs.json"
    write(outputs, documented(system))

    def run(*arguments: str) -> Ran:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": system.operator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": system.operator.secret_access_key,
        }
        return subprocess.run(
            [sys.executable, "-m", "imagectl", *arguments, "--outputs", str(outputs)],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def lines(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


def status(system, image_id):
    found = row(system, image_id)
    return found and found["Status"]["S"]


def drop(system, image_id, data):
    """Put an original straight into the bucket."""
    system.client("s3").put_object(
        Bucket=system.outputs["originalsBucket"], Key=keys.original_key(image_id), Body=data
    )


def ready(system, *image_ids):
    return eventually(lambda: all(status(system, each) == "READY" for each in image_ids), seconds=60)


def idle(system):
    return eventually(lambda: depth(system, system.outputs["queueUrl"]) == 0, seconds=60)


def test_a_redrive_after_the_cure_brings_failed_images_to_ready(system, imagectl, photograph):
    bucket, s3 = system.outputs["originalsBucket"], system.client("s3")
    function = system.client("lambda").get_function_configuration(
        FunctionName=system.outputs["resizeFunctionName"]
    )
    curse = {
        "Effect": "Deny",
        "Principal": {"AWS": function["Role"]},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/uploads/cursed/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [curse]}))
    try:
        for name in ("cursed/1", "cursed/2"):
            drop(system, name, photograph)
        send(system, body="no event at all")
        assert eventually(lambda: len(dead_letters(system, "cursed/")) == 2, seconds=90)
    finally:
        s3.delete_bucket_policy(Bucket=bucket)
    assert eventually(lambda: dead_letters(system, "no event at all"), seconds=60)

    shown = lines(imagectl("redrive", "--dry-run", "--json"))
    assert {(letter["reason"], *letter["keys"]) for letter in shown[:-1]} == {
        ("AccessDenied", "uploads/cursed/1"),
        ("AccessDenied", "uploads/cursed/2"),
        ("MalformedMessage",),
    }
    one = imagectl("redrive", "--yes", "--filter", "key=uploads/cursed/1")
    assert one.returncode == 0, one.stderr
    assert ready(system, "cursed/1")
    assert dead_letters(system, "cursed/2")
    rest = imagectl("redrive", "--yes", "--json")
    assert lines(rest)[-1]["sent"] == 2
    assert ready(system, "cursed/2")
    assert len(variant_keys(system, "cursed/2")) == 3


def test_a_backfill_after_a_change_of_presets_renders_what_is_stale(system, imagectl, photograph):
    names = [f"stale/{number}" for number in range(3)]
    subscriber = Subscriber(system)
    for name in names:
        drop(system, name, photograph)
    assert ready(system, *names)
    functions, name = system.client("lambda"), system.outputs["resizeFunctionName"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    presets = ["thumbnail 64x64 cover jpeg", "wide 320x100 cover webp"]
    changed = before | {"PRESETS": json.dumps(presets)}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        ran = imagectl("backfill", "--yes", "--json", "--prefix", "stale/")
        assert ran.returncode == 0, ran.stderr
        assert lines(ran)[-1]["counts"] == {"stale": 3}
        now = preset_hash(parse_presets(presets))
        assert eventually(
            lambda: {row(system, each)["PresetHash"]["S"] for each in names} == {now}, seconds=60
        )
        assert idle(system)
        assert all(len(variant_keys(system, each)) == 2 for each in names)
        assert eventually(lambda: all(len(subscriber.about(each)) == 2 for each in names))
        assert {subscriber.about(each)[1]["detail"]["presetHash"] for each in names} == {now}
        again = imagectl("backfill", "--yes", "--json", "--prefix", "stale/")
        assert lines(again)[-1]["sent"] == 0
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def test_an_operator_tells_once_more_what_became_of_images(system, imagectl, photograph):
    subscriber = Subscriber(system)
    drop(system, "told", photograph)
    [first] = subscriber.told("told")
    moment = row(system, "told")["ProcessedAt"]["S"]
    ran = imagectl("publish", "--since", moment, "--yes", "--json")
    assert ran.returncode == 0, ran.stderr
    assert lines(ran)[-1]["counts"]["published"] >= 1
    assert eventually(lambda: len(subscriber.about("told")) == 2)
    assert subscriber.about("told")[1]["detail"] == first["detail"]


def test_reconcile_mends_planted_damage(system, imagectl, photograph):
    names = [f"damaged/{number}" for number in range(4)]
    for name in names:
        drop(system, name, photograph)
    assert ready(system, *names)
    assert idle(system)
    s3, table = system.client("s3"), system.outputs["tableName"]
    variants, originals = system.outputs["variantsBucket"], system.outputs["originalsBucket"]

    system.client("dynamodb").delete_item(TableName=table, Key={"ImageID": {"S": "damaged/0"}})
    s3.delete_object(Bucket=variants, Key=min(variant_keys(system, "damaged/1")))
    orphan = f"resized/damaged/2/{'0' * 16}/thumbnail.jpg"
    s3.put_object(Bucket=variants, Key=orphan, Body=b"?")
    version = s3.head_object(Bucket=originals, Key="uploads/damaged/3")["VersionId"]
    notification = s3.get_bucket_notification_configuration(Bucket=originals)
    notification.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=originals, NotificationConfiguration={})
    s3.delete_object(Bucket=originals, Key="uploads/damaged/3", VersionId=version)
    s3.put_bucket_notification_configuration(Bucket=originals, NotificationConfiguration=notification)

    looked = imagectl("reconcile", "--json", *NOTHING_IS_YOUNG)
    assert looked.returncode == 1, looked.stderr
    kinds = {finding["imageId"]: finding["kind"] for finding in lines(looked)[:-1]}
    expected = {
        "damaged/0": "missing-row",
        "damaged/1": "missing-variants",
        "damaged/2": "orphan-variant",
        "damaged/3": "missing-original",
    }
    assert {each: kinds.get(each) for each in expected} == expected

    repaired = imagectl("reconcile", "--json", "--repair", "--yes", *NOTHING_IS_YOUNG)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert eventually(lambda: imagectl("reconcile", *NOTHING_IS_YOUNG).returncode == 0, seconds=60)
    assert ready(system, "damaged/0", "damaged/1", "damaged/2")
    assert status(system, "damaged/3") == "DELETED"
    assert variant_keys(system, "damaged/3") == set()
    assert orphan not in variant_keys(system, "damaged/2")


def test_everything_of_an_owner_is_exported_and_then_erased_and_subscribers_know(
    system, imagectl, photograph, tmp_path
):
    subscriber = Subscriber(system)
    image_id, deleted = (upload(system, f"{name}.jpg", photograph) for name in ("mine", "deleted"))
    settled(system, image_id)
    settled(system, deleted)
    owner = row(system, image_id)["Owner"]["S"]
    assert system.api.call("DELETE", f"/images/{deleted}").status_code == 204
    drop(system, "somebody else's", photograph)
    assert ready(system, "somebody else's")

    exported = imagectl("export", "--owner", owner, "--to", str(tmp_path / "mine.tar"), "--json")
    assert exported.returncode == 0, exported.stderr
    assert lines(exported)[-1]["counts"]["images"] >= 2
    with tarfile.open(tmp_path / "mine.tar") as tar:
        names = tar.getnames()
        assert tar.extractfile(f"{image_id}/original.jpg").read() == photograph
    assert sum(name.startswith(f"{image_id}/variants/") for name in names) == 3
    assert any(name.startswith(f"{deleted}/versions/") for name in names)

    announced, policy = announce(system, "on its way.jpg", len(photograph))
    erased = imagectl("erase", "--owner", owner, "--yes", "--json", "--no-wait")
    assert erased.returncode == 1, erased.stderr
    file = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}
    assert system.api.call("POST", "/uploads", json={"files": [file]}).status_code == 429
    assert post(system, policy, photograph).status_code == 204
    assert ready(system, announced)

    finished = imagectl("erase", "--owner", owner, "--yes", "--json")
    assert finished.returncode == 0, finished.stderr
    assert lines(finished)[-1]["complete"] is True
    listed = system.client("s3").list_object_versions(Bucket=system.outputs["originalsBucket"])
    stored = [each["Key"] for name in ("Versions", "DeleteMarkers") for each in listed.get(name, [])]
    for each in (image_id, deleted, announced):
        assert keys.original_key(each) not in stored
        assert variant_keys(system, each) == set()
        assert "Owner" not in row(system, each)
        told = [event["detail"] for event in subscriber.about(each)]
        assert any(detail["status"] == "DELETED" and detail["erased"] for detail in told)
    assert status(system, "somebody else's") == "READY"
    assert system.api.call("POST", "/uploads", json={"files": [file]}).status_code == 200


def test_watch_looks_once(system, imagectl, photograph):
    drop(system, "watched", photograph)
    assert ready(system, "watched")
    looked = imagectl("watch", "--once", "--json")
    assert looked.returncode == 0, looked.stderr
    [figures] = lines(looked)
    assert figures["source"] == "logs"
    assert figures["a_second"]["done"] > 0
    assert figures["lanes"]["bulk"]["oldest_seconds"] is not None


def test_a_user_who_is_no_operator_is_told_what_he_may_not(system, tmp_path):
    outputs = tmp_path / "outputs.json"
    write(outputs, documented(system))
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": system.uploader.access_key_id,
        "AWS_SECRET_ACCESS_KEY": system.uploader.secret_access_key,
        "NO_PROXY": "127.0.0.1",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "imagectl", "redrive", "--outputs", str(outputs)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert "AWS refuses" in ran.stderr
