"""Two workers at the same image, and workers that end half way."""

import pytest

from tests.unit.resize_environment import ORIGINALS, VARIANTS, Failing


@pytest.mark.parametrize("announced", [True, False])
def test_an_original_removed_between_reading_and_committing_leaves_nothing(world, announced):
    if announced:
        world.catalog.put_pending([{"ImageID": "a", "ExpiresAt": 1}])
    record = world.upload("a")
    world.render.meanwhile = lambda: world.deliver(world.remove("a"))
    assert world.deliver(record) == ["done Removed", "done Stale"]
    assert world.is_deleted("a")
    assert world.variants() == {}


def test_a_rejected_original_removed_between_reading_and_committing_leaves_nothing(world):
    record = world.upload("a", b"not an image")
    world.render.meanwhile = lambda: world.deliver(world.remove("a"))
    assert world.deliver(record) == ["done Removed", "done Stale"]
    assert world.is_deleted("a")


def test_a_second_upload_removed_between_reading_and_committing_leaves_nothing(world):
    world.deliver(world.upload("a", b"first"))
    record = world.upload("a", b"second")
    world.render.meanwhile = lambda: world.deliver(world.remove("a"))
    assert world.deliver(record) == ["done Removed", "done Stale"]
    assert world.is_deleted("a")
    assert world.variants() == {}


def test_a_race_lost_to_a_newer_event_discards_the_older_variants(world):
    older = world.upload("a", b"older")
    world.render.meanwhile = lambda: world.deliver(world.upload("a", b"newer"))
    assert world.deliver(older) == ["done Ready", "done Stale"]
    assert set(world.variants().values()) == {b"thumbnail of newer", b"small of newer"}
    assert world.is_consistent()


def test_a_race_lost_to_a_newer_rejection_discards_the_older_variants(world):
    older = world.upload("a", b"older")
    world.render.meanwhile = lambda: world.deliver(world.upload("a", b"not an image"))
    assert world.deliver(older)[-1] == "done Stale"
    assert world.row("a")["Status"] == "REJECTED"
    assert world.variants() == {}


def test_two_workers_at_the_same_event_end_with_one_image(world):
    record = world.upload("a")
    world.render.meanwhile = lambda: world.deliver(record)
    assert world.deliver(record) == ["done Ready", "done Duplicate"]
    assert len(world.variants()) == 2
    assert world.is_consistent()


def test_two_workers_at_the_same_event_end_well_though_the_original_goes_meanwhile(world):
    record = world.upload("a")

    removals = []

    def rival():
        world.deliver(record)
        removals.append(world.remove("a"))

    world.render.meanwhile = rival
    world.deliver(record)
    world.deliver(*removals)
    assert world.is_deleted("a")
    assert world.variants() == {}


@pytest.mark.parametrize(
    ("part", "method"), [("storage", "remove_variants"), ("catalog", "forget_superseded")]
)
@pytest.mark.parametrize("next_data", [b"third", b"not an image"])
def test_superseded_variants_that_a_crash_left_go_with_the_next_event(world, part, method, next_data):
    world.deliver(world.upload("a", b"first"))
    crashing = world.worker(**{part: Failing(getattr(world, part), method)})
    assert world.deliver(world.upload("a", b"second"), worker=crashing) == ["retry ClientError"]
    assert "Superseded" in world.row("a")
    world.deliver(world.upload("a", next_data))
    assert "Superseded" not in world.row("a")
    assert world.is_consistent()


@pytest.mark.parametrize(
    ("part", "method"), [("storage", "remove_variants"), ("catalog", "forget_superseded")]
)
def test_superseded_variants_that_a_crash_left_go_with_the_retry_of_the_event(world, part, method):
    world.deliver(world.upload("a", b"first"))
    second = world.upload("a", b"second")
    world.deliver(second, worker=world.worker(**{part: Failing(getattr(world, part), method)}))
    assert world.deliver(second, attempt=2) == ["done Duplicate"]
    assert "Superseded" not in world.row("a")
    assert set(world.variants().values()) == {b"thumbnail of second", b"small of second"}


def test_superseded_variants_that_a_crash_left_go_with_the_removal_of_the_image(world):
    world.deliver(world.upload("a", b"first"))
    crashing = world.worker(storage=Failing(world.storage, "remove_variants"))
    world.deliver(world.upload("a", b"second"), worker=crashing)
    world.deliver(world.remove("a"))
    assert world.is_deleted("a")
    assert world.variants() == {}


@pytest.mark.parametrize(
    ("part", "method"), [("catalog", "mark_deleted"), ("storage", "remove_variants"), ("catalog", "forget")]
)
def test_a_removal_that_crashed_half_way_is_finished_by_its_retry(world, part, method):
    world.deliver(world.upload("a"))
    removal = world.remove("a")
    crashing = world.worker(**{part: Failing(getattr(world, part), method)})
    assert world.deliver(removal, worker=crashing) == ["retry ClientError"]
    assert world.deliver(removal) == ["done Removed"]
    assert world.is_deleted("a")
    assert world.variants() == {}


def test_an_image_committed_between_the_look_for_its_original_and_the_record_of_its_removal_stays(world):
    removal = world.removal("a")

    class Late(type(world.storage)):
        def exists(self, key):
            found = super().exists(key)
            world.deliver(world.upload("a"))
            return found

    late = Late(world.s3, originals_bucket=ORIGINALS, variants_bucket=VARIANTS)
    assert world.deliver(removal, worker=world.worker(storage=late)) == ["done Ready", "retry RowChanged"]
    assert world.deliver(removal) == ["done Stale"]
    assert world.row("a")["Status"] == "READY"
    assert world.is_consistent()


def test_a_commit_whose_answer_was_lost_still_removes_what_it_superseded(world):
    world.deliver(world.upload("a", b"first"))

    class Forgetful:
        """Commits, then commits again, as a client does that did not hear the first answer."""

        def __getattr__(self, name):
            return getattr(world.catalog, name)

        def commit(self, row, previous):
            world.catalog.commit(row, previous)
            return world.catalog.commit(row, previous)

    assert world.deliver(world.upload("a", b"second"), worker=world.worker(catalog=Forgetful())) == [
        "done Duplicate"
    ]
    assert world.is_consistent()
    assert "Superseded" not in world.row("a")
