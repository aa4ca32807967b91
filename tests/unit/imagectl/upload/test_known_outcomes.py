"""The outcomes of a second run are those of the service, whatever the journal remembers."""

import json
import sys

import pytest


@pytest.fixture
def uploaded(imagectl, photos, fake):
    """A folder of five photographs and three that FAILED, as an upload left it."""
    folder = photos(5, lost1_jpg=b"lost 1", lost2_jpg=b"lost 2", lost3_jpg=b"lost 3")
    assert imagectl("upload", str(folder)).code == 1
    fake.calls.clear()
    return folder


def named(fake, name):
    [image] = [image for image in fake.images.values() if image["fileName"] == name]
    return image


def redrive(fake, *names):
    for name in names:
        named(fake, name).update(status="READY", reason="")


def statuses(ran):
    return {name: file["status"] for name, file in ran.files.items()}


def test_what_was_repaired_and_redriven_is_ready_with_one_request(imagectl, uploaded, fake):
    redrive(fake, "lost1.jpg", "lost2.jpg", "lost3.jpg")
    ran = imagectl("upload", str(uploaded), "--json")
    assert ran.code == 0
    assert ran.summary["counts"] == {"READY": 8}
    assert all("reason" not in file for file in ran.files.values())
    assert fake.calls["GET /images/{}"] == 0
    assert fake.calls["POST /s3"] == 0


def test_a_failure_in_place_of_another_is_noticed_though_the_counts_are_the_same(imagectl, uploaded, fake):
    redrive(fake, "lost1.jpg")
    named(fake, "0000.jpg").update(status="FAILED", reason="OutOfMemory")
    found = statuses(imagectl("upload", str(uploaded), "--json"))
    assert (found["lost1.jpg"], found["0000.jpg"]) == ("READY", "FAILED")


def test_of_an_unchanged_batch_no_image_is_asked_for(imagectl, uploaded, fake):
    ran = imagectl("upload", str(uploaded), "--json")
    assert ran.summary["counts"] == {"READY": 5, "FAILED": 3}
    assert set(fake.calls) == {"GET /batches/{}"}


def test_images_of_several_batches_are_looked_up_by_batch(imagectl, photos, fake):
    folder = photos(2)
    imagectl("upload", str(folder))
    photos(new_jpg=b"\xff\xd8\xff\xe0 new")
    imagectl("upload", str(folder))
    fake.calls.clear()
    assert imagectl("upload", str(folder)).code == 0
    assert set(fake.calls) == {"GET /batches/{}"}


def test_what_is_rendered_again_is_followed(imagectl, uploaded, fake):
    image = named(fake, "0000.jpg")
    image["status"] = "PENDING"
    ran = imagectl("upload", str(uploaded), "--json", "--wait-seconds", "1")
    assert statuses(ran)["0000.jpg"] == "PENDING"
    image["status"] = "READY"
    assert statuses(imagectl("upload", str(uploaded), "--json"))["0000.jpg"] == "READY"


def test_more_failures_than_a_batch_lists_are_asked_for_one_by_one(imagectl, photos, fake):
    folder = photos(**{f"lost{number}_jpg": b"lost %d" % number for number in range(110)})
    imagectl("upload", str(folder))
    redrive(fake, "lost0.jpg")
    fake.calls.clear()
    ran = imagectl("upload", str(folder), "--json")
    assert ran.summary["counts"] == {"READY": 1, "FAILED": 109}
    assert fake.calls["GET /images/{}"] == 110


@pytest.mark.parametrize("how", ["rm", "another client"])
def test_what_was_deleted_is_not_sent_again_unless_it_is_asked_for(imagectl, uploaded, fake, how):
    image_id = named(fake, "0000.jpg")["imageId"]
    if how == "rm":
        imagectl("rm", "--yes", image_id)
    else:
        del fake.images[image_id]
    ran = imagectl("upload", str(uploaded), "--json")
    assert statuses(ran)["0000.jpg"] == "DELETED"
    assert ran.summary["sentFiles"] == 0
    assert "--restore-deleted uploads it again" in imagectl("upload", str(uploaded)).out
    ran = imagectl("upload", str(uploaded), "--json", "--restore-deleted")
    assert statuses(ran)["0000.jpg"] == "READY"
    assert ran.summary["sentFiles"] == 1
    assert fake.posts.total() == 9


@pytest.mark.parametrize("status", ["READY", "DELETED"])
def test_a_person_is_asked_once_about_all_that_was_deleted(imagectl, uploaded, fake, monkeypatch, status):
    asked = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "imagectl.commands.upload.typer.confirm", lambda text, **_: asked.append(text) or status == "READY"
    )
    for name in ("0000.jpg", "0001.jpg"):
        del fake.images[named(fake, name)["imageId"]]
    ran = imagectl("upload", str(uploaded), "--json")
    assert asked == ["2 images have been deleted from the service. Upload again?"]
    assert [statuses(ran)[name] for name in ("0000.jpg", "0001.jpg")] == [status, status]


def test_what_was_deleted_and_came_back_is_ready_again(imagectl, uploaded, fake):
    image = named(fake, "0000.jpg")
    del fake.images[image["imageId"]]
    imagectl("upload", str(uploaded))
    fake.images[image["imageId"]] = image
    assert statuses(imagectl("upload", str(uploaded), "--json"))["0000.jpg"] == "READY"


def test_a_service_that_lost_everything_makes_everything_deleted_and_nothing_ready(imagectl, uploaded, fake):
    fake.images.clear()
    ran = imagectl("upload", str(uploaded), "--json")
    assert ran.summary["counts"] == {"DELETED": 8}


def test_a_dry_run_says_what_is_now_so(imagectl, uploaded, fake):
    del fake.images[named(fake, "0000.jpg")["imageId"]]
    ran = imagectl("upload", str(uploaded), "--dry-run")
    assert "7 are uploaded" in ran.err
    assert "1 have been deleted from the service" in ran.err


def test_nothing_is_left_to_continue_when_all_that_is_missing_cannot_be_uploaded(imagectl, photos):
    ran = imagectl("upload", str(photos(1, notes_txt=b"hello", empty_jpg=b"")))
    assert "2 NOT_UPLOADED" in ran.out
    assert "Run the same command again" not in ran.err


ANSWER_LOST = (0, b"")


def lose_answers(fake, count):
    """Let the next announcements be carried out and their answers get lost."""
    announce = fake.announce

    def carried_out(body):
        nonlocal count
        answer = announce(body)
        if count:
            count -= 1
            fake.failures["POST /uploads"] = []
            raise ConnectionAbortedError
        return answer

    fake.announce = carried_out


def test_announcements_whose_answer_got_lost_are_cancelled(imagectl, photos, fake):
    lose_answers(fake, 1)
    ran = imagectl("upload", str(photos(30)), "--json")
    assert ran.code == 0, ran.err
    assert len(fake.images) == 30
    assert {image["status"] for image in fake.images.values()} == {"READY"}
    assert "cancelled 30 announcements" in ran.err


def test_pending_images_of_others_are_never_cancelled(imagectl, photos, fake):
    other = {"imageId": "other", "status": "PENDING", "fileName": "0000.jpg", "batchId": "summer"}
    fake.images["other"] = other
    lose_answers(fake, 1)
    ran = imagectl("upload", str(photos(3)), "--batch", "summer", "--json")
    assert ran.code == 0, ran.err
    assert "other" in fake.images, "a named batch is not this run's alone"
    lose_answers(fake, 1)
    photos(new_jpg=b"\xff\xd8\xff\xe0 new")
    imagectl("upload", str(photos()), "--json")
    assert json.dumps(other) == json.dumps(fake.images["other"])
