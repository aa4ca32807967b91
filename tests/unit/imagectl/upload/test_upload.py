import os
from collections import Counter

from tests.unit.imagectl.conftest import JPEG


def test_every_file_of_a_folder_becomes_one_image(imagectl, photos, fake):
    ran = imagectl("upload", str(photos(230)), "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["counts"] == {"READY": 230}
    assert set(fake.contents().values()) == {1}
    assert len(fake.stored) == 230


def test_policies_are_asked_for_in_chunks_of_a_hundred(imagectl, photos, fake):
    imagectl("upload", str(photos(230)))
    assert fake.calls["POST /uploads"] == 3


def test_policies_are_asked_for_when_their_turn_comes(imagectl, photos, fake):
    announced_at_first_upload = []
    fake.before_storing = lambda _: announced_at_first_upload.append(len(fake.images))
    imagectl("upload", str(photos(300)), "--concurrency", "2")
    assert announced_at_first_upload[0] == 100
    assert all(
        announced <= 200 + sent // 98 * 100 for sent, announced in enumerate(announced_at_first_upload)
    )


def test_a_file_of_any_name_is_uploaded_and_cannot_disturb_the_terminal(imagectl, tmp_path, fake):
    for name in (b"\xff\xfe.jpg", b"line\nfeed\x1b[31m.jpg", "größe 雪.jpg".encode(), b"[bold]x.jpg"):
        (tmp_path / os.fsdecode(name)).write_bytes(JPEG + name)
    (tmp_path / os.fsdecode(b"\x1b[31mempty\xff.jpg")).touch()
    ran = imagectl("upload", str(tmp_path))
    assert len(fake.stored) == 4
    assert {image["fileName"] for image in fake.images.values()} == {
        "\ufffd\ufffd.jpg",
        "line\nfeed\x1b[31m.jpg",
        "größe 雪.jpg",
        "[bold]x.jpg",
    }
    assert "\x1b" not in ran.out
    assert "\ufffd[31mempty\ufffd.jpg: It is empty." in ran.out


def test_names_are_told_as_they_are_below_the_folder(imagectl, tmp_path, fake):
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    (tmp_path / "trip" / "day 1" / "a.jpg").write_bytes(JPEG)
    imagectl("upload", str(tmp_path / "trip"))
    assert [image["fileName"] for image in fake.images.values()] == ["day 1/a.jpg"]


def test_what_cannot_be_uploaded_is_reported_and_costs_the_others_nothing(imagectl, photos, fake):
    folder = photos(2, empty_jpg=b"", notes_txt=b"hello", scan_tif=b"II*\0tiff")
    ran = imagectl("upload", str(folder), str(folder / "missing.jpg"), "--json")
    assert ran.code == 1
    assert ran.summary["counts"] == {"READY": 2, "NOT_UPLOADED": 4}
    assert ran.files["empty.jpg"]["reason"] == "It is empty."
    assert ran.files["notes.txt"]["reason"].startswith("It is not an image")
    assert ran.files["scan.tif"]["reason"] == "The content type is not accepted."
    assert ran.files["missing.jpg"]["reason"] == "No such file or directory"


def test_an_unreadable_file_is_reported(imagectl, photos, monkeypatch, fake):
    folder = photos(1)
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    ran = imagectl("upload", str(folder), "--json")
    assert ran.files["loop.jpg"] == {
        "type": "file",
        "path": str(folder / "loop.jpg"),
        "bytes": 0,
        "status": "NOT_UPLOADED",
        "reason": "Too many levels of symbolic links",
    }


def test_each_rejected_and_failed_image_is_listed_with_its_reason(imagectl, photos):
    folder = photos(3, fake_jpg=b"bad bytes", lost_jpg=b"lost bytes")
    ran = imagectl("upload", str(folder))
    assert ran.code == 1
    assert f"REJECTED     {folder}/fake.jpg: NotAnImage" in ran.out
    assert f"FAILED       {folder}/lost.jpg: OutOfMemory" in ran.out
    assert "1 FAILED, 3 READY, 1 REJECTED" in ran.out


def test_a_content_is_uploaded_once_and_reported_for_each_of_its_paths(imagectl, photos, fake):
    folder = photos(a_jpg=JPEG + b"same", b_jpg=JPEG + b"same", c_jpg=JPEG + b"other")
    ran = imagectl("upload", str(folder), "--json")
    assert ran.code == 0
    assert fake.contents() == Counter([JPEG + b"same", JPEG + b"other"])
    assert ran.files["a.jpg"]["imageId"] == ran.files["b.jpg"]["imageId"]
    assert {ran.files["a.jpg"].get("sameAs"), ran.files["b.jpg"].get("sameAs")} < {
        None,
        str(folder / "a.jpg"),
        str(folder / "b.jpg"),
    }
    assert ran.summary["sameContent"] == 1


def test_a_path_given_twice_is_one_file(imagectl, photos, fake):
    folder = photos(1)
    ran = imagectl("upload", str(folder), str(folder / "0000.jpg"), "--json")
    assert ran.summary["files"] == 1
    assert len(fake.stored) == 1


def test_a_dry_run_uploads_nothing_and_remembers_nothing(imagectl, photos, fake):
    folder = photos(3, empty_jpg=b"")
    ran = imagectl("upload", str(folder), "--dry-run")
    assert ran.code == 0
    assert "3 files" in ran.err
    assert "1 cannot be uploaded" in ran.err
    assert not fake.calls
    ran = imagectl("upload", str(folder), "--json")
    assert "uploading as batch" in ran.err, "the dry run is no run that could be continued"
    assert ran.summary["sentFiles"] == 3


def test_the_batch_can_be_named(imagectl, photos, fake):
    ran = imagectl("upload", str(photos(2)), "--batch", "summer", "--json")
    assert ran.code == 0
    assert {image["batchId"] for image in fake.images.values()} == {"summer"}


def test_images_that_others_put_into_a_named_batch_are_not_taken_for_ours(imagectl, photos, fake):
    for number in range(5):
        fake.images[f"other{number}"] = {"imageId": "x", "status": "READY", "batchId": "summer"}
    ran = imagectl("upload", str(photos(2, fake_jpg=b"bad")), "--batch", "summer", "--json")
    assert ran.summary["counts"] == {"READY": 2, "REJECTED": 1}


def test_an_image_of_others_that_is_ready_does_not_make_ours_ready(imagectl, photos, fake):
    fake.images["other"] = {"imageId": "other", "status": "READY", "batchId": "summer"}
    folder = photos(a_jpg=JPEG, slow_jpg=b"slow")
    ran = imagectl("upload", str(folder), "--batch", "summer", "--wait-seconds", "1", "--json")
    assert {name: file["status"] for name, file in ran.files.items()} == {
        "a.jpg": "READY",
        "slow.jpg": "PENDING",
    }


def test_more_failures_than_a_batch_lists_are_all_reported(imagectl, photos):
    folder = photos(3)
    for number in range(150):
        (folder / f"bad{number}.jpg").write_bytes(b"bad %d" % number)
    ran = imagectl("upload", str(folder), "--json")
    assert ran.summary["counts"] == {"READY": 3, "REJECTED": 150}
    assert all(file["reason"] == "NotAnImage" for file in ran.files.values() if file["status"] == "REJECTED")


def test_waiting_ends_when_nothing_moves(imagectl, photos, fake):
    fake.rendering = False
    ran = imagectl("upload", str(photos(2)), "--wait-seconds", "1", "--json")
    assert ran.code == 1
    assert ran.summary["counts"] == {"PENDING": 2}


def test_without_waiting_images_stay_pending_until_the_command_runs_again(imagectl, photos, fake):
    folder = photos(2)
    assert imagectl("upload", str(folder), "--no-wait", "--json").summary["counts"] == {"PENDING": 2}
    ran = imagectl("upload", str(folder), "--json")
    assert ran.summary["counts"] == {"READY": 2}
    assert ran.summary["sentFiles"] == 0


def test_lines_are_printed_where_there_is_no_terminal(imagectl, photos, fake):
    ran = imagectl("upload", str(photos(2)))
    assert "\x1b" not in ran.err + ran.out
    assert "uploading as batch" in ran.err
    assert "2 READY" in ran.out
