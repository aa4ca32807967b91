"""Lists, batches, deleting, and re-signing, against the deployed service."""

import time

import pytest

from handlers.contract import keys
from tests.e2e.actions import announce, eventually, image, post, row, settled, upload, variant_keys
from tests.e2e.callers import user

FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}


def files(system, wanted, caller=None):
    answer = system.api.call("POST", "/uploads", json=wanted, caller=caller)
    assert answer.status_code == 200, answer.text
    return answer.json()["files"]


@pytest.fixture(scope="module")
def collector(system):
    """A caller with 23 images, the oldest first, of which it rejected one and rendered one."""
    caller = user(system, "collector")
    ids = [each["imageId"] for _ in range(23) for each in files(system, {"files": [FILE]}, caller)]
    return caller, ids


def pages(system, caller, query):
    """The ImageIDs of every page."""
    cursor, found = "", []
    while True:
        answer = system.api.call("GET", f"/images?{query}{cursor}", caller=caller)
        assert answer.status_code == 200, answer.text
        found.append([each["imageId"] for each in answer.json()["images"]])
        if "cursor" not in answer.json():
            return found
        cursor = f"&cursor={answer.json()['cursor']}"


def test_pages_hold_every_image_once_newest_first(system, collector):
    caller, ids = collector
    found = pages(system, caller, "limit=5")
    assert [len(page) for page in found] == [5, 5, 5, 5, 3]
    assert [image_id for page in found for image_id in page] == ids[::-1]


def test_a_page_of_exactly_what_is_left_is_the_last(system, collector):
    caller, ids = collector
    assert pages(system, caller, "limit=23") == [ids[::-1]]


def test_images_that_arrive_between_two_pages_move_nothing(system):
    caller = user(system, "latecomer")
    ids = [each["imageId"] for each in files(system, {"files": [FILE] * 10}, caller)]
    first = system.api.call("GET", "/images?limit=4", caller=caller).json()
    files(system, {"files": [FILE] * 10}, caller)
    second = system.api.call("GET", f"/images?limit=100&cursor={first['cursor']}", caller=caller).json()
    found = [each["imageId"] for each in first["images"] + second["images"]]
    assert sorted(found) == sorted(ids)


def test_a_status_lists_what_has_it(system, photograph):
    caller = user(system, "sorter")
    wanted = {"files": [FILE | {"bytes": len(photograph)}] * 3}
    good, bad, never = files(system, wanted, caller)
    post(system, good["upload"], photograph)
    post(system, bad["upload"], b"this is no image")
    for each in (good, bad):
        settled(system, each["imageId"])
    found = {
        status: pages(system, caller, f"status={status}")
        for status in ("READY", "REJECTED", "PENDING", "FAILED")
    }
    assert found == {
        "READY": [[good["imageId"]]],
        "REJECTED": [[bad["imageId"]]],
        "PENDING": [[never["imageId"]]],
        "FAILED": [[]],
    }
    [listed] = system.api.call("GET", "/images?status=READY", caller=caller).json()["images"]
    assert listed["variants"].keys() == image(system, good["imageId"])["variants"].keys()


def test_a_batch_is_followed_until_it_is_done(system, photograph):
    wanted = {"batchId": "followed", "files": [FILE | {"bytes": len(photograph), "name": n} for n in "abc"]}
    first, second, third = files(system, wanted)

    def batch():
        return system.api.call("GET", "/batches/followed").json()

    assert (batch()["total"], batch()["counts"]["PENDING"], batch()["done"]) == (3, 3, False)
    post(system, first["upload"], photograph)
    post(system, second["upload"], photograph[:5000])
    post(system, third["upload"], photograph)
    done = eventually(lambda: (found := batch())["done"] and found)
    assert done["counts"] == {"PENDING": 0, "READY": 2, "REJECTED": 1, "FAILED": 0}
    assert done["failures"] == [
        {"imageId": second["imageId"], "fileName": "b", "status": "REJECTED", "reason": "Truncated"}
    ]


def test_a_deleted_image_is_gone_at_once_with_all_that_belonged_to_it(system, photograph):
    image_id = upload(system, "gone.jpg", photograph)
    url = settled(system, image_id)["variants"]["thumbnail"]["url"]
    assert len(variant_keys(system, image_id)) == 3

    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    assert system.api.call("GET", f"/images/{image_id}").status_code == 404
    assert system.api.http.get(url, timeout=10).status_code in {403, 404}
    assert row(system, image_id)["Status"] == {"S": "DELETED"}
    assert variant_keys(system, image_id) == set()
    originals = system.client("s3").list_objects_v2(
        Bucket=system.outputs["originalsBucket"], Prefix=keys.original_key(image_id)
    )
    assert originals["KeyCount"] == 0
    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204


def test_an_image_that_was_never_uploaded_can_be_deleted(system):
    image_id, _ = announce(system, "never.jpg", 10)
    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    assert system.api.call("GET", f"/images/{image_id}").status_code == 404
    assert row(system, image_id)["Status"] == {"S": "DELETED"}


def test_an_image_deleted_while_it_is_rendered_leaves_nothing(system, photograph):
    ids = [upload(system, "racing.jpg", photograph) for _ in range(6)]
    for number, image_id in enumerate(ids):
        time.sleep(0.1 * number)
        assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    for image_id in ids:
        assert eventually(lambda image_id=image_id: not variant_keys(system, image_id))
    time.sleep(1)
    for image_id in ids:
        assert eventually(lambda image_id=image_id: row(system, image_id)["Status"] == {"S": "DELETED"})
        assert variant_keys(system, image_id) == set()


def test_a_pending_image_is_signed_anew_and_its_new_policy_works(system, photograph):
    image_id, _ = announce(system, "slow.jpg", len(photograph))
    before = row(system, image_id)
    again = FILE | {"name": "slow.jpg", "bytes": len(photograph), "imageId": image_id}
    [answer] = files(system, {"batchId": "again", "files": [again]})
    assert answer["imageId"] == image_id
    assert answer["upload"]["fields"]["key"] == keys.original_key(image_id)
    assert row(system, image_id) == before
    assert post(system, answer["upload"], photograph).status_code == 204
    assert settled(system, image_id)["status"] == "READY"

    [refused] = files(system, {"files": [again]})
    assert refused["error"]["type"] == "urn:image-intake:problem:not-pending"
    assert refused["error"]["status"] == 409


def test_a_pending_image_that_is_about_to_expire_waits_longer_once_it_is_signed_anew(system):
    image_id, _ = announce(system, "slower.jpg", 10)
    soon = int(time.time()) + 60
    system.client("dynamodb").update_item(
        TableName=system.outputs["tableName"],
        Key={"ImageID": {"S": image_id}},
        UpdateExpression="SET ExpiresAt = :soon",
        ExpressionAttributeValues={":soon": {"N": str(soon)}},
    )
    [answer] = files(system, {"files": [FILE | {"imageId": image_id}]})
    assert "upload" in answer
    assert int(row(system, image_id)["ExpiresAt"]["N"]) > soon + 3600


def test_a_hundred_files_are_announced_signed_and_counted_at_once(system):
    wanted = {"batchId": "hundred", "files": [FILE] * 100}
    answers = files(system, wanted)
    assert len({each["imageId"] for each in answers}) == 100
    assert system.api.call("GET", "/batches/hundred").json()["total"] == 100
    again = {"files": [FILE | {"imageId": each["imageId"]} for each in answers]}
    assert [each["imageId"] for each in files(system, again)] == [each["imageId"] for each in answers]


def test_the_description_of_the_api_is_served_to_everyone(system):
    answer = system.api.call("GET", "/openapi.json", auth=None)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1")
    # It names nothing of the stack: no bucket, table, account or function.
    for name in ("originalsBucket", "variantsBucket", "tableName", "apiFunctionName"):
        assert system.outputs[name] not in answer.text
