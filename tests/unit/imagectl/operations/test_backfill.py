import json
from datetime import UTC, datetime, timedelta

import pytest

from handlers.contract.presets import parse_presets, preset_hash
from handlers.contract.rejections import NotAnImage, RenderFailed
from imagectl.errors import CannotContinue
from imagectl.operations.checkpoint import Checkpoint, Cursor, Job
from tests.unit.resize_environment import OTHER_PRESETS, PRESETS

NOW = preset_hash(parse_presets(PRESETS))
JOB = Job(table="t", preset_hash="h", everything=False, prefix="")


@pytest.fixture
def render(world):
    """Have images uploaded and rendered with the presets given."""

    def make(*image_ids, presets=PRESETS, **settings):
        worker = world.worker(presets=presets, **settings)
        for image_id in image_ids:
            assert world.deliver(world.upload(image_id), worker=worker) == ["done Ready"]

    return make


@pytest.fixture
def interrupted_at_the_second_page(stack, monkeypatch):
    """Pages are of two rows, and a person presses Ctrl-C when the second is sent."""
    send, calls = stack.sqs.send_message_batch, []

    def interrupt(**request):
        calls.append(request)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return send(**request)

    monkeypatch.setattr("imagectl.operations.table_scan._PAGE", 2)
    monkeypatch.setattr(stack.sqs, "send_message_batch", interrupt)


def names(records):
    return sorted(record["s3"]["object"]["key"].removeprefix("uploads/") for record in records)


def test_a_deleted_image_is_not_sent(imagectl, render, world):
    render("a", "b", presets=OTHER_PRESETS)
    world.deliver(world.remove("a"))
    ran = imagectl("backfill", "--all", "--yes", "--json")
    assert ran.lines[-1]["counts"] == {"stale": 1}


def test_only_what_other_presets_have_rendered_is_sent(imagectl, render, world, waiting):
    render("old 1", "old 2", presets=OTHER_PRESETS)
    render("new")
    ran = imagectl("backfill", "--yes", "--json", "--rate", "1000")
    assert ran.code == 0, ran.err
    assert ran.lines[-1]["counts"] == {"current": 1, "stale": 2}
    records = waiting()
    assert names(records) == ["old+1", "old+2"]
    assert [world.deliver(record) for record in records] == [["done Ready"]] * 2
    assert {world.row(image_id)["PresetHash"] for image_id in ("old 1", "old 2", "new")} == {NOW}
    assert world.is_consistent()
    assert imagectl("backfill", "--yes", "--json").lines[-1]["sent"] == 0, "a second time finds nothing"


def test_what_was_rendered_with_another_setting_of_metadata_is_rendered_again(
    imagectl, render, world, waiting
):
    render("bare", metadata="none")
    render("signed")
    assert imagectl("backfill", "--yes").code == 0
    [record] = waiting()
    assert names([record]) == ["bare"]
    assert world.deliver(record) == ["done Ready"]
    assert world.row("bare")["PresetHash"] == NOW


def test_all_sends_what_is_current_too_and_the_worker_renders_it_again(imagectl, render, world, waiting):
    render("a")
    assert imagectl("backfill", "--yes", "--all").code == 0
    [record] = waiting()
    renders = world.render.calls
    assert world.deliver(record) == ["done Ready"]
    assert world.render.calls == renders + 1
    assert world.row("a")["PresetHash"] == NOW
    assert world.is_consistent()


def test_a_reason_narrows_it_to_images_rejected_for_it_and_they_are_rendered_again(
    imagectl, render, world, waiting
):
    render("good")
    for image_id, error in (("bug", RenderFailed("KeyError")), ("text", NotAnImage())):
        world.render.error = error
        world.deliver(world.upload(image_id))
    world.render.error = None
    ran = imagectl("backfill", "--yes", "--json", "--reason", "RenderFailed")
    assert ran.lines[-1]["counts"] == {"forced": 1}
    [record] = waiting()
    assert world.deliver(record) == ["done Ready"]
    assert world.row("bug")["Status"] == "READY"
    assert "Reason" not in world.row("bug")
    assert imagectl("backfill", "--yes", "--json", "--reason", "RenderFailed").lines[-1]["sent"] == 0
    assert world.is_consistent()


def test_a_reason_that_there_is_not_is_refused_with_those_there_are(imagectl, waiting):
    ran = imagectl("backfill", "--yes", "--reason", "RenderFailure")
    assert ran.code != 0
    assert "RenderFailed" in ran.err
    assert waiting() == []


def test_a_prefix_narrows_it(imagectl, render, waiting):
    render("trip/1", "trip/2", "home/1", presets=OTHER_PRESETS)
    imagectl("backfill", "--yes", "--prefix", "trip/")
    assert names(waiting()) == ["trip/1", "trip/2"]


def test_the_presets_may_be_said_before_they_are_deployed(imagectl, render, waiting):
    render("a")
    ran = imagectl("backfill", "--yes", "--presets", OTHER_PRESETS[0])
    assert "not the presets that the function renders with now" in ran.err
    assert names(waiting()) == ["a"]


def test_a_dry_run_lists_and_sends_nothing(imagectl, render, waiting, world):
    render("a", presets=OTHER_PRESETS)
    ran = imagectl("backfill", "--dry-run", "--all")
    assert ran.out.startswith("READY     a\n")
    assert waiting() == []
    assert world.row("a")["PresetHash"] == preset_hash(parse_presets(OTHER_PRESETS))


def test_images_whose_original_has_expired_are_passed_over(imagectl, render, waiting, configure, world):
    render("a", presets=OTHER_PRESETS)
    world.date_back("a", "2026-01-02T03:04:05.678Z")
    configure(originals_expire_days=(datetime.now(UTC) - datetime(2026, 1, 3, tzinfo=UTC)).days)
    assert imagectl("backfill", "--yes", "--json").lines[-1]["counts"] == {"expired": 1}
    configure(originals_expire_days=(datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)).days + 1)
    assert imagectl("backfill", "--yes", "--json").lines[-1]["counts"] == {"stale": 1}
    assert names(waiting()) == ["a"]


def test_images_that_were_never_uploaded_are_passed_over(imagectl, world, waiting):
    expires = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
    world.catalog.put_pending(
        [{"ImageID": "p", "CreatedAt": "2026-01-01T00:00:00.000Z", "ExpiresAt": expires}]
    )
    assert imagectl("backfill", "--yes", "--all", "--json").lines[-1]["counts"] == {"pending": 1}
    assert waiting() == []


def test_it_goes_on_after_the_last_page_that_was_sent(
    imagectl, render, waiting, interrupted_at_the_second_page, tmp_path
):
    render(*"abcde", presets=OTHER_PRESETS)
    cursor = tmp_path / "cursor.json"
    assert imagectl("backfill", "--yes", "--cursor", str(cursor)).code != 0
    first = names(waiting())
    assert json.loads(cursor.read_text())["place"]["sent"] == len(first) == 2
    ran = imagectl("backfill", "--yes", "--json", "--cursor", str(cursor))
    assert "continuing after 2 rows" in ran.err
    assert ran.lines[-1]["sent"] == 5
    assert sorted(first + names(waiting())) == list("abcde")
    assert not cursor.exists()


def test_a_cursor_of_another_job_is_not_followed(tmp_path):
    path = tmp_path / "cursor"
    Cursor(path, JOB).save(Checkpoint(after={"ImageID": {"S": "a"}}, looked_at=7, sent=3))
    assert Cursor(path, JOB).load().looked_at == 7
    assert (
        Cursor(path, Job(table="t", preset_hash="other", everything=False, prefix="")).load() == Checkpoint()
    )


def test_a_cursor_that_cannot_be_read_says_so(tmp_path):
    (tmp_path / "cursor").write_text("{")
    with pytest.raises(CannotContinue, match="cannot be read"):
        Cursor(tmp_path / "cursor", JOB).load()
