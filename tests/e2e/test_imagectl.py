"""`imagectl` against the deployed program: signed calls, real S3 policies, real rendering."""

import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from local.aws_clients import Credentials
from local.system import PROJECT, System

SAMPLES = PROJECT / "local" / "samples"


def windows(folder: Path, count: int) -> Path:
    """So many different small photographs."""
    folder.mkdir()
    sample = Image.open(SAMPLES / "dogs.jpg")
    sample.thumbnail((640, 640))
    for number in range(count):
        sample.crop((number, number, number + 160, number + 120)).save(folder / f"{number:03}.jpg")
    return folder


def lines(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_folder_is_uploaded_followed_looked_at_fetched_and_deleted(system, imagectl, tmp_path):
    folder = tmp_path / "trip"
    (folder / "day 1").mkdir(parents=True)
    shutil.copy(SAMPLES / "dogs.jpg", folder)
    shutil.copy(SAMPLES / "fig.jpg", folder / "day 1" / "größe.jpg")
    (folder / "fake.jpg").write_bytes(b"\xff\xd8\xff not a photograph")
    (folder / "notes.txt").write_text("hello")

    ran = imagectl("upload", str(folder), "--json")
    *files, summary = lines(ran)
    by_name = {Path(file["path"]).name: file for file in files}
    assert ran.returncode == 1, ran.stderr
    assert summary["counts"] == {"READY": 2, "REJECTED": 1, "NOT_UPLOADED": 1}
    assert by_name["fake.jpg"]["reason"]
    image_id = by_name["größe.jpg"]["imageId"]

    status = imagectl("status", summary["batchId"])
    assert status.returncode == 1
    assert "2 READY, 1 REJECTED; done" in status.stdout
    document = json.loads(imagectl("status", image_id, "--json").stdout)
    assert (document["status"], document["fileName"]) == ("READY", "day 1/größe.jpg")

    listed = lines(imagectl("list", "--limit", "0", "--json"))
    assert {file["imageId"] for file in files if "imageId" in file} <= {image["imageId"] for image in listed}

    fetched = imagectl("get", image_id, "--variant", "thumbnail", "-o", str(tmp_path / "t.jpg"))
    assert fetched.returncode == 0, fetched.stderr
    with Image.open(tmp_path / "t.jpg") as thumbnail:
        assert thumbnail.size == (128, 128)

    whole = imagectl("get", image_id, "--original", "-o", str(tmp_path / "o.jpg"), caller=system.operator)
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "o.jpg").read_bytes() == (SAMPLES / "fig.jpg").read_bytes()
    refused = imagectl("get", image_id, "--original", "-o", str(tmp_path / "o2.jpg"))
    assert refused.returncode == 3, "the uploader may not read the bucket"
    many = imagectl("get", summary["batchId"], "--variant", "small", "-o", str(tmp_path / "got"))
    assert "2 fetched, 0 there already, 1 not fetched" in many.stderr
    assert imagectl("rm", "--yes", image_id).returncode == 0
    assert imagectl("status", image_id).returncode == 3
    skipped = imagectl("upload", str(folder), "--json", "--include", "größe.jpg")
    assert lines(skipped)[0]["status"] == "DELETED"
    again = imagectl("upload", str(folder), "--json", "--include", "größe.jpg", "--restore-deleted")
    assert again.returncode == 0
    assert lines(again)[-1]["sentFiles"] == 1


def test_nothing_is_lost_or_doubled_when_the_command_is_killed_and_run_again(
    system, start, imagectl, tmp_path
):
    folder = windows(tmp_path / "many", 120)
    process = start("upload", str(folder), "--batch", "killed")
    deadline = time.monotonic() + 60
    while stored(system, "killed") < 30 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL, "it was killed before it ended"

    ran = imagectl("upload", str(folder), "--batch", "killed", "--json")
    assert ran.returncode == 0, ran.stderr
    assert lines(ran)[-1]["counts"] == {"READY": 120}
    names = Counter(row["FileName"] for row in rows(system, "killed") if row["Status"] == "READY")
    assert names == Counter({f"{number:03}.jpg": 1 for number in range(120)})


def test_images_that_nobody_waited_for_are_followed_by_the_next_run(imagectl, tmp_path):
    folder = windows(tmp_path / "few", 3)
    assert imagectl("upload", str(folder), "--no-wait").returncode in {0, 1}
    ran = imagectl("upload", str(folder), "--json")
    assert ran.returncode == 0, ran.stderr
    assert lines(ran)[-1]["sentFiles"] == 0


def test_a_caller_without_the_right_to_call_the_api_is_told_so(system, imagectl, tmp_path):
    iam = system.client("iam")
    iam.create_user(UserName="imagectl-stranger")
    key = iam.create_access_key(UserName="imagectl-stranger")["AccessKey"]
    stranger = Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    ran = imagectl("upload", str(windows(tmp_path / "few", 1)), caller=stranger)
    assert ran.returncode == 3
    assert "does not let these credentials in" in ran.stderr


def rows(system: System, batch_id: str) -> list[dict[str, str]]:
    pages = system.client("dynamodb").get_paginator("scan").paginate(TableName=system.outputs["tableName"])
    plain = [
        {name: next(iter(value.values())) for name, value in row.items()}
        for page in pages
        for row in page["Items"]
    ]
    return [row for row in plain if row.get("BatchID") == batch_id]


def stored(system: System, batch_id: str) -> int:
    return sum(row["Status"] != "PENDING" for row in rows(system, batch_id))
