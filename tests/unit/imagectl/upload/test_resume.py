import threading

from imagectl.journal import Journal
from tests.unit.imagectl.conftest import JPEG
from tests.unit.imagectl.fake_service import EXPIRED, WRONG_DIGEST

CUT = (0, b"")  # the connection closes without an answer


def test_running_again_uploads_nothing(imagectl, photos, fake):
    folder = photos(120)
    imagectl("upload", str(folder))
    ran = imagectl("upload", str(folder), "--json")
    assert ran.code == 0
    assert ran.summary["uploadedBefore"] == 120
    assert set(fake.posts.values()) == {1}
    assert len(fake.images) == 120


def test_a_renamed_file_is_known_by_its_content(imagectl, photos, fake):
    folder = photos(1)
    imagectl("upload", str(folder))
    (folder / "0000.jpg").rename(folder / "renamed.jpg")
    assert imagectl("upload", str(folder), "--json").files["renamed.jpg"]["status"] == "READY"
    assert len(fake.images) == 1


def test_only_what_is_new_or_changed_is_uploaded(imagectl, photos, fake):
    folder = photos(3)
    imagectl("upload", str(folder))
    (folder / "0000.jpg").write_bytes(JPEG + b"changed, and of another size")
    (folder / "new.jpg").write_bytes(JPEG + b"new")
    assert imagectl("upload", str(folder), "--json").summary["sentFiles"] == 2
    assert len(fake.stored) == 5


def test_again_uploads_everything_once_more(imagectl, photos, fake):
    folder = photos(3)
    imagectl("upload", str(folder))
    assert imagectl("upload", str(folder), "--again", "--json").summary["sentFiles"] == 3
    assert set(fake.contents().values()) == {2} or len(fake.stored) == 6


def test_a_cut_connection_is_tried_again(imagectl, photos, fake):
    fake.failures["POST /s3"] = [CUT, (503, b"<Error><Code>SlowDown</Code></Error>")]
    fake.failures["POST /uploads"] = [CUT, (500, b"")]
    ran = imagectl("upload", str(photos(5)), "--json")
    assert ran.code == 0
    assert set(fake.posts.values()) == {1}


def test_after_a_long_cut_the_same_command_continues_the_same_batch(imagectl, photos, fake):
    folder = photos(150)

    def cut(_):
        for kind in ("POST /uploads", "POST /s3", "GET /batches/{}"):
            fake.failures[kind] = [CUT] * 10_000

    fake.before_storing = cut
    ran = imagectl("upload", str(folder), "--json", "--wait-seconds", "1")
    assert ran.code == 3
    assert "does not answer" in ran.err
    assert "Run the same command again to continue" in ran.err
    fake.failures.clear()
    fake.before_storing = lambda _: None
    ran = imagectl("upload", str(folder), "--json")
    assert ran.code == 0, ran.err
    assert "continuing batch" in ran.err
    assert len(fake.images) == 150
    assert set(fake.posts.values()) == {1}
    assert {image["batchId"] for image in fake.images.values()} == {ran.summary["batchId"]}


def test_files_that_never_arrive_are_reported_and_sent_next_time(imagectl, photos, fake):
    folder = photos(3)
    fake.failures["POST /s3"] = [(503, b"")] * 8 * 3
    ran = imagectl("upload", str(folder))
    assert ran.code == 1
    assert "3 NOT_UPLOADED" in ran.out
    assert "Run the same command again" in ran.err
    assert imagectl("upload", str(folder)).code == 0
    assert len(fake.images) == 3


def test_an_expired_policy_is_signed_anew_for_the_same_image(imagectl, photos, fake):
    fake.failures["POST /s3"] = [(403, EXPIRED)]
    ran = imagectl("upload", str(photos(1)), "--json")
    assert ran.code == 0
    assert len(fake.images) == 1
    assert fake.calls["POST /uploads"] == 2


def test_policies_that_always_expire_are_a_failure_and_no_endless_loop(imagectl, photos, fake):
    fake.policy_seconds = -100
    ran = imagectl("upload", str(photos(1)), "--json")
    assert ran.code == 1
    assert "clock" in ran.files["0000.jpg"]["reason"]


def test_another_command_finishes_an_image_in_the_batch_that_it_was_announced_in(imagectl, photos, fake):
    folder = photos(2)
    fake.failures["POST /s3"] = [(400, b"<Error><Code>InvalidRequest</Code></Error>")] * 2
    first = imagectl("upload", str(folder), "--json").summary["batchId"]
    ran = imagectl("upload", str(folder / "0000.jpg"), "--json")
    assert ran.code == 0
    assert {image["batchId"] for image in fake.images.values()} == {first}
    assert fake.calls["GET /images/{}"] == 1, "its own batch knows nothing of it"


def test_an_image_that_the_service_has_forgotten_is_announced_anew(imagectl, photos, fake):
    folder = photos(1)
    fake.failures["POST /s3"] = [(400, b"<Error><Code>InvalidRequest</Code></Error>")]
    assert imagectl("upload", str(folder)).code == 1
    fake.images.clear()
    assert imagectl("upload", str(folder), "--json").code == 0
    assert len(fake.images) == 1


def test_an_upload_whose_answer_was_lost_makes_no_second_image(imagectl, photos, fake):
    folder = photos(1)
    fake.rendering = False
    stored = fake.store

    def store_and_fail(fields):
        stored(fields)
        return 400, b"<Error><Code>InvalidRequest</Code></Error>"

    fake.store = store_and_fail
    assert imagectl("upload", str(folder)).code == 1
    [image_id] = fake.images
    fake.render(image_id)
    fake.store = stored
    ran = imagectl("upload", str(folder), "--json")
    assert ran.code == 0
    assert fake.posts == {image_id: 1}


def test_an_upload_that_may_have_arrived_is_sent_again_under_the_same_id(imagectl, photos, fake):
    folder = photos(1)
    fake.rendering = False
    stored = fake.store

    def store_and_fail(fields):
        stored(fields)
        return 400, b"<Error><Code>InvalidRequest</Code></Error>"

    fake.store = store_and_fail
    imagectl("upload", str(folder))
    fake.store, fake.rendering = stored, True
    assert imagectl("upload", str(folder), "--json").code == 0
    assert len(fake.images) == len(fake.stored) == 1


def test_a_file_that_changes_before_it_is_sent_is_reported_and_uploaded_next_time(imagectl, photos, fake):
    folder = photos(101)
    changed = threading.Event()

    def change(_):
        if not changed.is_set():
            changed.set()
            for path in folder.iterdir():
                path.write_bytes(path.read_bytes() + b" edited")

    fake.before_storing = change
    ran = imagectl("upload", str(folder), "--concurrency", "1", "--json")
    assert ran.code == 1
    assert ran.summary["counts"]["NOT_UPLOADED"] >= 99
    assert any("changed" in file.get("reason", "") for file in ran.files.values())
    assert imagectl("upload", str(folder), "--json").code == 0


def test_bytes_that_the_network_mixed_up_are_sent_again(imagectl, photos, fake):
    fake.failures["POST /s3"] = [(400, WRONG_DIGEST)]
    assert imagectl("upload", str(photos(1)), "--json").code == 0


def test_an_image_deleted_while_it_is_followed_is_reported(imagectl, photos, fake):
    fake.rendering = False
    folder = photos(1)
    imagectl("upload", str(folder), "--no-wait")
    fake.images.clear()
    ran = imagectl("upload", str(folder), "--json")
    assert ran.files["0000.jpg"]["status"] == "DELETED"
    fake.rendering = True
    assert imagectl("upload", str(folder), "--json", "--restore-deleted").code == 0


def test_two_runs_cannot_share_a_journal_at_the_same_time(imagectl, photos, tmp_path, fake):
    journal = Journal(tmp_path / "journal")
    ran = imagectl("upload", str(photos(1)), "--journal", str(tmp_path / "journal"))
    journal.close()
    assert ran.code == 3
    assert "Another imagectl is using the journal" in ran.err
    assert not fake.calls


def test_a_file_that_is_no_journal_is_refused(imagectl, photos, tmp_path):
    (tmp_path / "journal").write_bytes(b"a letter to my grandmother" * 100)
    ran = imagectl("upload", str(photos(1)), "--journal", str(tmp_path / "journal"))
    assert ran.code == 3
    assert "cannot be used" in ran.err
