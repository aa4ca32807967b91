import hashlib
import os
import sqlite3

import pytest

from imagectl.errors import CannotContinue
from imagectl.journal import Journal
from imagectl.upload_model import Content, File, State


@pytest.fixture
def journal(tmp_path):
    opened = Journal(tmp_path / "state" / "journal")
    yield opened
    opened.close()


def file(path: str, content: bytes = b"content") -> File:
    return File(
        path=path,
        name=path,
        size=len(content),
        mtime_ns=1,
        content_type="image/jpeg",
        sha256=hashlib.sha256(content).digest(),
    )


def arrived(journal: Journal, run, path: str, content: bytes) -> str:
    """Let a file be announced and uploaded; returns its ImageID."""
    met = file(path, content)
    journal.claim(run, met)
    journal.announced(run, [(met.sha256, f"image of {path}")])
    journal.reach(run, met.sha256, State.UPLOADED)
    return f"image of {path}"


def test_the_first_file_of_a_content_in_a_run_gets_it_and_the_others_do_not(journal):
    run = journal.begin("api", "command", "batch")
    assert isinstance(journal.claim(run, file("a")), Content)
    assert journal.claim(run, file("b")) is None
    [a, b] = journal.outcomes(run)
    assert (a.path, a.same_as) == ("a", None)
    assert (b.path, b.same_as) == ("b", "a")


def test_an_unfinished_command_continues_its_batch_and_a_finished_one_begins_another(journal):
    first = journal.begin("api", "command", "one")
    second = journal.begin("api", "command", "two")
    assert (first.batch_id, first.resumed) == ("one", False)
    assert (second.batch_id, second.resumed) == ("one", True)
    journal.finish(second)
    assert journal.begin("api", "command", "three").batch_id == "three"


def test_another_command_and_another_api_have_batches_of_their_own(journal):
    journal.begin("api", "command", "one")
    assert journal.begin("api", "another command", "two").batch_id == "two"
    assert journal.begin("another api", "command", "three").batch_id == "three"


def test_a_content_uploaded_to_one_api_is_new_to_another(journal):
    arrived(journal, journal.begin("api", "command", "batch"), "a", b"content")
    content = journal.claim(journal.begin("another api", "command", "batch"), file("a"))
    assert content.state is State.QUEUED


def test_what_was_not_sent_is_tried_again_and_its_old_reason_forgotten(journal):
    run = journal.begin("api", "command", "batch")
    journal.claim(run, file("a"))
    journal.stop(run, file("a").sha256, "the network was cut")
    [outcome] = journal.outcomes(run)
    assert outcome.reason == "the network was cut"
    content = journal.claim(journal.begin("api", "command", "batch"), file("a"))
    assert (content.state, content.reason) == (State.QUEUED, None)


def test_a_rejection_is_remembered_with_its_reason(journal):
    image_id = arrived(journal, journal.begin("api", "command", "batch"), "a", b"content")
    run = journal.begin("api", "command", "batch")
    journal.settle("api", image_id, State.REJECTED, "NotAnImage")
    content = journal.claim(run, file("a"))
    assert (content.state, content.reason) == (State.REJECTED, "NotAnImage")


def test_the_rest_of_a_batch_is_ready_when_its_failures_are_known(journal):
    run = journal.begin("api", "command", "batch")
    images = [arrived(journal, run, str(number), b"%d" % number) for number in range(4)]
    journal.claim(run, file("unsent", b"unsent"))
    assert journal.counts("api", "batch") == {State.UPLOADED: 4, State.QUEUED: 1}
    journal.settle_batch("api", "batch", {images[2]: (State.REJECTED, "Truncated")})
    assert journal.failures("api", "batch") == {images[2]}
    states = [outcome.state for outcome in journal.outcomes(run)]
    assert states == [State.READY, State.READY, State.REJECTED, State.READY, State.QUEUED]


def test_unsettled_contents_are_given_page_by_page(journal):
    run = journal.begin("api", "command", "batch")
    for number in range(7):
        arrived(journal, run, str(number), b"%d" % number)
    seen, after = [], b""
    while page := journal.unsettled(run, after=after, limit=3):
        assert len(page) <= 3
        seen += [content.image_id for content in page]
        after = page[-1].sha256
    assert len(set(seen)) == len(seen) == 7


def test_paths_of_any_bytes_come_back_as_they_were(journal):
    run = journal.begin("api", "command", "batch")
    path = os.fsdecode(b"/caf\xe9/\n.jpg")
    journal.claim(run, file(path))
    journal.skip(run, path + "2", "It is empty.")
    assert {outcome.path for outcome in journal.outcomes(run)} == {path, path + "2"}


def test_only_the_paths_of_a_run_are_its_outcomes(journal):
    journal.claim(journal.begin("api", "command", "batch"), file("a", b"a"))
    run = journal.begin("api", "command", "batch")
    journal.claim(run, file("b", b"b"))
    assert [outcome.path for outcome in journal.outcomes(run)] == ["b"]


def test_what_is_discarded_leaves_no_trace(journal):
    with journal.discarded():
        run = journal.begin("api", "command", "batch")
        journal.claim(run, file("a"))
        journal.announced(run, [(file("a").sha256, "image")])
        assert list(journal.outcomes(run))
    assert not journal.begin("api", "command", "another").resumed


def test_what_is_written_survives_without_a_close(journal, tmp_path):
    run = journal.begin("api", "command", "batch")
    journal.claim(run, file("a"))
    for name in ("journal", "journal-wal"):
        (tmp_path / name).write_bytes((tmp_path / "state" / name).read_bytes())
    survived = sqlite3.connect(tmp_path / "journal")
    assert survived.execute("SELECT count(*) FROM contents").fetchone() == (1,)
    survived.close()


def test_a_journal_is_for_its_owner_and_for_one_process(journal, tmp_path):
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    with pytest.raises(CannotContinue, match="Another imagectl"):
        Journal(tmp_path / "state" / "journal")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotContinue, match="cannot be used"):
        Journal(tmp_path / "file" / "journal")
