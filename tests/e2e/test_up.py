"""`make up KEEP=1`: what one run leaves, the next has."""

import time

import httpx
import pytest

from local import kept, up
from local.process_lock import taken
from local.system import System, deployed

CONFIG = {"apiAuth": "none", "page": "true"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("up") / "kept"


def image(system: System, image_id: str) -> dict:
    return system.api.call("GET", f"/images/{image_id}", auth=None).json()


def settled(system: System, image_id: str) -> dict:
    deadline = time.monotonic() + 60
    while image(system, image_id)["status"] == "PENDING" and time.monotonic() < deadline:
        time.sleep(0.2)
    return image(system, image_id)


def send(system: System, photograph: bytes) -> str:
    headers = {"content-type": "image/jpeg"}
    answer = system.api.call("POST", "/images", content=photograph, headers=headers, auth=None)
    return answer.json()["imageId"]


def test_images_of_a_run_are_there_in_the_next_with_their_variants(
    folder, photograph, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(up, "_KEPT", folder)
    monkeypatch.setattr(up, "_OUTPUTS", tmp_path / "outputs.json")
    with deployed(config=CONFIG) as system, taken(tmp_path / "lock") as lock:
        done = send(system, photograph)
        before = settled(system, done)
        assert before["status"] == "READY"
        # Dropped, and not handled yet when the run ends: its row will not be there.
        system.client("s3").put_object(
            Bucket=system.outputs["originalsBucket"], Key="uploads/late", Body=photograph
        )
        system.client("dynamodb").delete_item(
            TableName=system.outputs["tableName"], Key={"ImageID": {"S": "late"}}
        )
        assert up._end(system, lock, keep=True).startswith("kept ")
        assert "goes on with them" in (tmp_path / "lock").read_text(), "for `make down` to print"
    with deployed(config=CONFIG) as system, taken(tmp_path / "lock") as lock:
        restored = kept.restore(system, folder)
        up._announce(system, 1.0, restored, auth=None)
        after = image(system, done)
        assert after["status"] == "READY"
        assert after["processedAt"] == before["processedAt"], "it was not rendered again"
        url = after["variants"]["thumbnail"]["url"]
        assert httpx.get(url, trust_env=False).content[:2] == b"\xff\xd8"
        late = system.client("dynamodb")
        deadline = time.monotonic() + 60
        key = {"ImageID": {"S": "late"}}
        while time.monotonic() < deadline:
            row = late.get_item(TableName=system.outputs["tableName"], Key=key).get("Item")
            if row and row["Status"]["S"] == "READY":
                break
            time.sleep(0.2)
        assert row["Status"]["S"] == "READY", "what was not handled yet is handled now"
        assert up._end(system, lock, keep=False).startswith("discarded 2 images")
        said = capsys.readouterr().out
        assert f"upload page: {system.outputs['apiUrl'].rstrip('/')}/" in said
        assert "--aws-sigv4" not in said
        assert httpx.get(f"{system.outputs['apiUrl'].rstrip('/')}/", trust_env=False).status_code == 200


def test_nothing_is_restored_where_nothing_was_kept(tmp_path):
    assert kept.restore(None, tmp_path / "none") == 0
