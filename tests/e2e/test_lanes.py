"""The express lane and the bulk lane, and what happens when the express lane is switched off and on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from handlers.contract import keys
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed
from tests.e2e.actions import depth, eventually, image, post, settled
from tests.e2e.redeployment import redeploy


@pytest.fixture(scope="module")
def own() -> Iterator[System]:
    """A stack of its own, since its lanes are switched."""
    with deployed(config={"expressPerHour": 20}) as running:
        # The emulator kills workers whose function is updated. Their messages come back after this time.
        for name in ("queueUrl", "expressQueueUrl"):
            running.client("sqs").set_queue_attributes(
                QueueUrl=running.outputs[name], Attributes={"VisibilityTimeout": "10"}
            )
        yield running


def announced(system, size, count=1, **options):
    """The files of an answer to `POST /uploads`."""
    file = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": size, **options}
    answer = system.api.call("POST", "/uploads", json={"files": [file] * count})
    assert answer.status_code == 200, answer.text
    return answer.json()["files"]


def send(system, file, data):
    assert post(system, file["upload"], data).is_success
    return file["imageId"]


def imagectl(system, path, *arguments):
    write(path, documented(system))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "NO_PROXY": "127.0.0.1",
        "AWS_ACCESS_KEY_ID": system.operator.access_key_id,
        "AWS_SECRET_ACCESS_KEY": system.operator.secret_access_key,
    }
    command = [sys.executable, "-m", "imagectl", *arguments, "--outputs", str(path)]
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def mapping(system):
    """The id of the express lane's event source mapping."""
    [found] = [each for each in system.deployment.resources if each.name == "intake-resize-from-express"]
    return found.id


@pytest.mark.parametrize("lane", keys.LANES)
def test_an_image_of_either_lane_becomes_ready(own, photograph, lane):
    [file] = announced(own, len(photograph), lane=lane)
    assert file["lane"] == lane
    assert file["upload"]["fields"]["key"].startswith(keys.ORIGINALS_PREFIXES[lane])
    assert settled(own, send(own, file, photograph))["status"] == "READY"


def test_deleting_an_express_image_removes_its_original_and_its_variants(own, photograph):
    [file] = announced(own, len(photograph))
    image_id = send(own, file, photograph)
    settled(own, image_id)
    assert own.api.call("DELETE", f"/images/{image_id}").status_code == 204
    found = own.client("s3").list_objects_v2(
        Bucket=own.outputs["originalsBucket"], Prefix=keys.original_key(image_id)
    )
    assert found["KeyCount"] == 0


def test_switching_the_express_lane_off_and_on_loses_nothing(own, photograph, tmp_path):
    on, size = own, len(photograph)
    in_flight, kept, later = announced(on, size, count=3)
    assert {file["lane"] for file in (in_flight, kept, later)} == {"express"}
    # The lane stands still, so that a message is in its queue when it is switched off.
    on.client("lambda").update_event_source_mapping(UUID=mapping(on), Enabled=False)
    send(on, in_flight, photograph)
    assert eventually(lambda: depth(on, on.outputs["expressQueueUrl"]) == 1)

    off = redeploy(on, {"expressPerHour": "0"})
    assert off.outputs["expressLane"] is False
    assert announced(off, size)[0]["lane"] == "bulk"
    assert settled(off, send(off, kept, photograph))["status"] == "READY", (
        "its policy names the express prefix"
    )
    assert image(off, in_flight["imageId"])["status"] == "PENDING"
    summary = json.loads(imagectl(off, tmp_path / "off.json", "redrive", "--yes", "--json").splitlines()[-1])
    assert summary["sent"] == 1
    assert settled(off, in_flight["imageId"])["status"] == "READY"

    again = redeploy(off, {"expressPerHour": "20"})
    assert again.outputs["expressLane"] is True
    assert settled(again, send(again, later, photograph))["status"] == "READY"
    [file] = announced(again, size)
    assert file["lane"] == "express"
    assert settled(again, send(again, file, photograph))["status"] == "READY"
    for name in ("queueUrl", "expressQueueUrl", "deadLetterQueueUrl"):
        assert eventually(lambda name=name: depth(again, again.outputs[name]) == 0), name
