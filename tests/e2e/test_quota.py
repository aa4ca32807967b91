"""A stack whose callers may announce five images an hour, two of them in the express lane."""

import json
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import schemathesis

from handlers.contract.quota_table import Hour
from local.system import deployed
from tests.e2e.actions import announce as announced
from tests.e2e.actions import post, quota_table, row, settled
from tests.e2e.callers import user

LIMIT = 5
EXPRESS = 2
BYTES = 40_000_000
FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}
SAMPLES = Path(__file__).parents[2] / "local" / "samples"


@pytest.fixture(scope="module")
def system():
    config = {
        "uploadsPerHour": LIMIT,
        "uploadBytesPerHour": BYTES,
        "maxUploadBytes": BYTES,
        "expressPerHour": EXPRESS,
    }
    with deployed(config=config) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(system):
    """Nothing is used up."""
    yield
    for count in counts(system):
        key = {name: count[name] for name in ("Principal", "Hour")}
        system.client("dynamodb").delete_item(TableName=quota_table(system), Key=key)


def counts(system):
    return system.client("dynamodb").scan(TableName=quota_table(system))["Items"]


def leave(system, images):
    """Leave the uploader so many images of this hour, and of the next if this one is about to end."""
    for moment in (time.time(), time.time() + 3600):
        key = {"Principal": {"S": principal(system)}, "Hour": {"S": Hour.of(moment).name}}
        item = key | {"Images": {"N": str(LIMIT - images)}}
        system.client("dynamodb").put_item(TableName=quota_table(system), Item=item)


def principal(system):
    return f"arn:aws:iam::{system.client('sts').get_caller_identity()['Account']}:user/uploader"


def announce(system, count, **options):
    return system.api.call("POST", "/uploads", json={"files": [FILE] * count}, **options)


def granted(answer):
    return [file["imageId"] for file in answer.json().get("files", []) if "upload" in file]


def test_the_sixth_file_of_an_hour_is_refused_alone(system):
    answer = announce(system, LIMIT + 1)
    assert answer.status_code == 200
    assert len(granted(answer)) == LIMIT
    assert answer.json()["files"][-1]["error"]["type"].endswith(":quota-exceeded")
    assert all(row(system, image_id) for image_id in granted(answer))


def test_a_request_for_which_nothing_is_left_is_refused_as_described_and_others_are_served(system):
    leave(system, 0)
    description = schemathesis.openapi.from_dict(system.api.call("GET", "/openapi.json").json())
    for path, options in (
        ("/uploads", {"json": {"files": [FILE]}}),
        ("/images", {"content": b"pixels", "headers": {"Content-Type": "image/png"}}),
    ):
        answer = system.api.call("POST", path, **options)
        assert answer.status_code == 429
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert 1 <= int(answer.headers["Retry-After"]) <= 3600
        description[path]["POST"].validate_response(answer)
    assert announce(system, 1, caller=user(system, "another")).status_code == 200


def test_callers_who_come_at_the_same_time_get_no_more_together(system):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: announce(system, 3), range(8)))
    assert {answer.status_code for answer in answers} == {200, 429}
    used = [int(count["Images"]["N"]) for count in counts(system)]
    assert used in ([LIMIT], [LIMIT, LIMIT])
    assert sum(len(granted(answer)) for answer in answers) == sum(used)
    express = [
        file for answer in answers for file in answer.json().get("files", []) if file.get("lane") == "express"
    ]
    assert len(express) == EXPRESS * len(used)


def test_a_file_larger_than_what_is_left_of_the_hour_is_refused_alone_and_spends_nothing(system):
    files = [FILE | {"bytes": size} for size in (BYTES - 5, 10, 5)]
    answer = system.api.call("POST", "/uploads", json={"files": files})
    refused = [file.get("error", {}).get("unit") for file in answer.json()["files"]]
    assert refused == [None, "bytes", None]
    assert [int(count["Bytes"]["N"]) for count in counts(system)] == [BYTES]


def test_a_caller_reads_its_own_quota_as_described(system):
    announce(system, 3)
    answer = system.api.call("GET", "/quota")
    used = {name: (each["used"], each["limit"]) for name, each in answer.json().items()}
    assert used == {"images": (3, LIMIT), "bytes": (30, BYTES), "express": (EXPRESS, EXPRESS)}
    description = schemathesis.openapi.from_dict(system.api.call("GET", "/openapi.json").json())
    description["/quota"]["GET"].validate_response(answer)
    others = system.api.call("GET", "/quota", caller=user(system, "a-third")).json()
    assert {each["used"] for each in others.values()} == {0}
    assert system.api.call("GET", "/quota", auth=None).status_code == 403


def test_images_of_both_lanes_are_rendered(system):
    data = (SAMPLES / "dogs.jpg").read_bytes()
    described = {"name": "dogs.jpg", "contentType": "image/jpeg", "bytes": len(data)}
    files = [described, described | {"lane": "bulk"}, described, described]
    answers = system.api.call("POST", "/uploads", json={"files": files}).json()["files"]
    assert [file["lane"] for file in answers] == ["express", "bulk", "express", "bulk"]
    for file in answers:
        prefix = "express" if file["lane"] == "express" else "uploads"
        assert file["upload"]["fields"]["key"] == f"{prefix}/{file['imageId']}"
        assert post(system, file["upload"], data).status_code == 204
    assert {settled(system, file["imageId"])["status"] for file in answers} == {"READY"}


def test_a_policy_that_is_used_again_remains_one_image_and_one_unit_of_the_quota(system):
    data = (SAMPLES / "dogs.jpg").read_bytes()
    image_id, policy = announced(system, "again.jpg", len(data))
    assert [post(system, policy, data).status_code for _ in range(3)] == [204, 204, 204]
    assert settled(system, image_id)["status"] == "READY"
    assert sum(int(count["Images"]["N"]) for count in counts(system)) == 1
    listed = system.api.call("GET", "/images?limit=100").json()["images"]
    assert [image["imageId"] for image in listed if image.get("fileName") == "again.jpg"] == [image_id]


def test_imagectl_waits_says_until_when_and_continues_later(system, start, imagectl, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("dogs.jpg", "drum.jpg", "fig.jpg"):
        shutil.copy(SAMPLES / name, folder)
    leave(system, 2)
    waiting = start("upload", str(folder))
    assert any("quota reached: 5 images an hour; going on at" in line for line in waiting.stderr)
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert "Run the same command again to continue" in said
    leave(system, 1)
    ran = imagectl("upload", str(folder), "--json")
    assert ran.returncode == 0, ran.stderr
    summary = json.loads(ran.stdout.splitlines()[-1])
    assert summary["counts"] == {"READY": 3}
