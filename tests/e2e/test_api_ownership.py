"""Whose images are whose: callers who sign their requests."""

import pytest

from handlers.contract import keys
from tests.e2e.actions import announce, row, settled, upload
from tests.e2e.callers import role, session, user


@pytest.fixture(scope="module")
def stranger(system):
    return user(system, "stranger")


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("urn:image-intake:problem:")


def listed(system, caller, query=""):
    answer = system.api.call("GET", f"/images?limit=100{query}", caller=caller)
    assert answer.status_code == 200, answer.text
    return {image["imageId"] for image in answer.json()["images"]}


def test_a_foreign_image_and_one_that_never_was_look_the_same(system, stranger, photograph):
    image_id = upload(system, "mine.jpg", photograph)
    settled(system, image_id)
    foreign = system.api.call("GET", f"/images/{image_id}", caller=stranger)
    unknown = system.api.call("GET", f"/images/{image_id[:-1]}0", caller=stranger)
    assert problem(foreign) == (404, "unknown-image")
    assert foreign.json() == unknown.json()
    assert foreign.headers.keys() == unknown.headers.keys()
    assert system.api.call("GET", f"/images/{image_id}").status_code == 200


def test_a_list_holds_the_caller_s_own_images_and_an_operator_s_all(system, stranger):
    mine, _ = announce(system, "mine.jpg", 10)
    assert mine in listed(system, system.uploader)
    assert mine not in listed(system, stranger)
    assert mine in listed(system, system.operator)
    assert listed(system, stranger) < listed(system, system.operator)


def test_deleting_a_foreign_image_deletes_nothing_and_tells_nothing(system, stranger, photograph):
    image_id = upload(system, "mine.jpg", photograph)
    before = settled(system, image_id)
    foreign = system.api.call("DELETE", f"/images/{image_id}", caller=stranger)
    unknown = system.api.call("DELETE", "/images/no-such-image", caller=stranger)
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content) == (204, b"")
    assert settled(system, image_id)["processedAt"] == before["processedAt"]
    system.client("s3").head_object(Bucket=system.outputs["originalsBucket"], Key=keys.original_key(image_id))


def test_a_foreign_batch_and_one_that_never_was_look_the_same(system, stranger):
    file = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}
    mine = {"batchId": "ownership-batch", "files": [file, file]}
    assert system.api.call("POST", "/uploads", json=mine).status_code == 200
    foreign = system.api.call("GET", "/batches/ownership-batch", caller=stranger)
    assert problem(foreign) == (404, "unknown-batch")
    assert foreign.json() == system.api.call("GET", "/batches/ownership-nothing", caller=stranger).json()

    theirs = {"batchId": "ownership-batch", "files": [file]}
    assert system.api.call("POST", "/uploads", json=theirs, caller=stranger).status_code == 200
    totals = {
        caller: system.api.call("GET", "/batches/ownership-batch", caller=caller).json()["total"]
        for caller in (system.uploader, stranger, system.operator)
    }
    assert list(totals.values()) == [2, 1, 3]


@pytest.mark.parametrize("caller", ["stranger", "operator"])
def test_nobody_else_signs_an_upload_anew(system, stranger, caller):
    image_id, _ = announce(system, "mine.jpg", 10)
    file = {"name": "mine.jpg", "contentType": "image/jpeg", "bytes": 10, "imageId": image_id}
    who = {"stranger": stranger, "operator": system.operator}[caller]
    [answer] = system.api.call("POST", "/uploads", json={"files": [file]}, caller=who).json()["files"]
    assert answer["error"]["type"] == "urn:image-intake:problem:unknown-image"
    assert "upload" not in answer


def test_a_file_dropped_into_the_bucket_is_the_operators_alone(system, stranger, photograph):
    system.client("s3", system.operator).put_object(
        Bucket=system.outputs["originalsBucket"], Key="uploads/dropped/by hand.jpg", Body=photograph
    )
    assert settled(system, "dropped/by hand.jpg")["status"] == "READY"
    assert "Owner" not in row(system, "dropped/by hand.jpg")
    for caller in (system.uploader, stranger):
        answer = system.api.call("GET", "/images/dropped/by%20hand.jpg", caller=caller)
        assert problem(answer) == (404, "unknown-image")
        assert "dropped/by hand.jpg" not in listed(system, caller)
    assert "dropped/by hand.jpg" in listed(system, system.operator, "&status=READY")


def test_the_sessions_of_a_role_share_their_images_and_no_other_role_sees_them(system):
    arn = role(system, "batch-jobs")
    one, another = session(system, arn, "one"), session(system, arn, "another")
    other_role = session(system, role(system, "other-jobs"), "one")
    file = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10}
    [mine] = system.api.call("POST", "/uploads", json={"files": [file]}, caller=one).json()["files"]
    statuses = [
        system.api.call("GET", mine["location"], caller=caller).status_code
        for caller in (one, another, other_role, system.uploader)
    ]
    assert statuses == [200, 200, 404, 404]
    assert row(system, mine["imageId"])["Owner"]["S"] == arn


def test_only_operators_are_told_who_owns_an_image(system):
    image_id, _ = announce(system, "mine.jpg", 10)
    assert "owner" not in system.api.call("GET", f"/images/{image_id}").json()
    told = system.api.call("GET", f"/images/{image_id}", caller=system.operator).json()["owner"]
    assert told.endswith(":user/uploader")
