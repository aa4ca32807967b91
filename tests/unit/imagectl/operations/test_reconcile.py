from datetime import UTC, datetime, timedelta

import pytest

from handlers.contract import keys
from handlers.contract.presets import parse_presets
from handlers.storage.catalog import Catalog
from imagectl.operations import inconsistencies
from imagectl.operations.snapshot import snapshot
from imagectl.operations.sorted_merge import merged
from tests.unit.resize_environment import (
    EXPRESS_ID,
    ORIGINALS,
    OTHER_PRESETS,
    PRESETS,
    TABLE,
    VARIANTS,
    Failing,
)

NOTHING_IS_YOUNG = ("--grace-minutes", "0", "--stuck-minutes", "0")
# Order of bytes: a space, a dot and a hyphen come before the slash.
IMAGES = ("a", "a b", "a-1", "a.jpg", "a/b", "ä", "山/😀")


@pytest.fixture
def render(world):
    """Have images uploaded and rendered."""

    def make(*image_ids, **settings):
        for image_id in image_ids:
            world.deliver(world.upload(image_id), worker=world.worker(**settings))

    return make


@pytest.fixture
def reconcile(imagectl):
    """Compare, and with `--repair` mend, with nothing too young to be looked at."""

    def run(*arguments):
        return imagectl("reconcile", "--json", *NOTHING_IS_YOUNG, *arguments)

    return run


@pytest.fixture
def repaired(reconcile, world, waiting):
    """Repair, have the worker do its part, and compare again."""

    def run():
        ran = reconcile("--repair", "--yes")
        for record in waiting():
            world.deliver(record)
        after = reconcile()
        assert world.is_consistent()
        assert (after.code, after.lines[-1]["clean"]) == (0, True), after.out
        assert ran.code == 0
        return found(ran)

    return run


def found(ran):
    """The kinds of the findings with their images."""
    return sorted((line["kind"], line.get("imageId", "")) for line in ran.lines if line["type"] == "finding")


def forget_row(world, image_id):
    world.catalog._client.delete_item(TableName=TABLE, Key={"ImageID": {"S": image_id}})


def announce(world, image_id):
    world.catalog.put_pending([{"ImageID": image_id, "CreatedAt": "2026-01-01T00:00:00.000Z"}])


def test_images_of_any_name_that_agree_are_clean(reconcile, render):
    render(*IMAGES)
    ran = reconcile()
    assert (ran.code, found(ran)) == (0, [])
    assert ran.lines[-1]["rows"] == ran.lines[-1]["originals"] == len(IMAGES)
    assert ran.lines[-1]["variants"] == len(IMAGES) * len(PRESETS)


@pytest.mark.parametrize("image_id", IMAGES)
def test_an_original_without_a_row_is_rendered(repaired, render, world, image_id):
    render(*(each for each in IMAGES if each != image_id))
    world.upload(image_id)
    assert repaired() == [("missing-row", image_id)]
    assert world.row(image_id)["Status"] == "READY"


def test_any_event_of_s3_wins_over_the_repair_of_a_missing_row(repaired, world):
    real = world.upload("a")
    assert repaired() == [("missing-row", "a")]
    assert world.deliver(real) == ["done Ready"]
    assert world.is_consistent()
    assert world.deliver(world.remove("a")) == ["done Removed"]
    assert world.variants() == {}


def test_an_upload_that_stays_pending_is_rendered_and_an_announcement_is_ignored(repaired, world):
    announce(world, "stuck")
    announce(world, "not uploaded yet")
    world.upload("stuck")
    assert repaired() == [("stuck-pending", "stuck")]
    assert world.row("stuck")["Status"] == "READY"


def test_a_failed_image_is_rendered(repaired, world):
    world.render.error = RuntimeError("once")
    world.deliver(world.upload("a"), attempt=5)
    world.render.error = None
    assert repaired() == [("failed", "a")]


def test_a_row_about_an_earlier_upload_is_brought_up_to_date(repaired, render, world):
    render("a")
    late = world.upload("a", b"other pixels")
    assert repaired() == [("outdated", "a")]
    assert all(data.endswith(b"other pixels") for data in world.variants().values())
    world.deliver(late)
    assert world.is_consistent()


def delete_for_good(world, version_id):
    """What shows again afterwards is in no event of S3; the event of this one changes nothing."""
    world.s3.delete_object(Bucket=ORIGINALS, Key="uploads/a", VersionId=version_id)
    record = world.removal("a")
    record["eventName"] = "ObjectRemoved:Delete"
    record["s3"]["object"]["versionId"] = version_id
    world.deliver(record)


def test_an_earlier_version_that_shows_again_is_rendered(repaired, render, world):
    render("a")
    world.deliver(world.upload("a", b"a mistake"))
    delete_for_good(world, world.row("a")["VersionId"])
    assert repaired() == [("outdated", "a")]
    assert set(world.variants().values()) == {b"thumbnail of pixels", b"small of pixels"}


def test_a_deleted_original_that_is_recovered_is_rendered(repaired, render, world):
    render("a")
    world.deliver(world.remove("a"))
    [marker] = world.s3.list_object_versions(Bucket=ORIGINALS)["DeleteMarkers"]
    delete_for_good(world, marker["VersionId"])
    deletion = world.row("a")["Sequencer"]
    assert repaired() == [("outdated", "a")]
    assert world.row("a")["Sequencer"] > deletion
    assert set(world.variants().values()) == {b"thumbnail of pixels", b"small of pixels"}


def test_a_failed_row_about_an_earlier_upload_is_brought_up_to_date(repaired, world):
    world.render.error = RuntimeError("once")
    world.deliver(world.upload("a"), attempt=5)
    world.render.error = None
    world.upload("a", b"other pixels")
    assert repaired() == [("failed", "a")]
    assert all(data.endswith(b"other pixels") for data in world.variants().values())


def test_missing_variants_are_rendered_again(repaired, render, world):
    render("a", "b")
    for key in list(world.variants()):
        if key.startswith("resized/a/"):
            world.s3.delete_object(Bucket=VARIANTS, Key=key)
    assert repaired() == [("missing-variants", "a")]
    assert len(world.variants()) == 2 * len(PRESETS)


def test_a_row_without_an_original_goes_with_its_variants(repaired, render, world):
    render("a", "b")
    world.remove("a")
    assert repaired() == [("missing-original", "a")]
    assert world.is_deleted("a")
    assert {keys.image_id_of_variant(key) for key in world.variants()} == {"b"}


@pytest.mark.parametrize(("part", "method"), [("storage", "remove_variants"), ("catalog", "forget")])
def test_a_deletion_that_a_worker_did_not_finish_is_finished(repaired, render, world, part, method):
    render("a")
    crashing = world.worker(**{part: Failing(getattr(world, part), method)})
    world.deliver(world.remove("a"), worker=crashing)
    assert "Variants" in world.row("a")
    assert repaired() == [("leftover", "a")]
    assert world.is_deleted("a")
    assert world.variants() == {}


def test_a_deleted_image_is_not_reported(repaired, render, world):
    render("a")
    world.deliver(world.remove("a"))
    assert repaired() == []


def test_an_original_that_came_back_meanwhile_keeps_its_image(reconcile, render, world, waiting):
    render("a")
    world.remove("a")
    reconcile("--repair", "--yes")
    newer = world.upload("a")
    for record in waiting():
        world.deliver(record)
    world.deliver(newer)
    assert world.row("a")["Status"] == "READY"
    assert world.is_consistent()


def test_an_expired_original_is_nothing_to_find(reconcile, render, world, configure):
    render("a")
    world.date_back("a", "2026-01-02T03:04:05.678Z")
    world.s3.delete_object(Bucket=ORIGINALS, Key="uploads/a")
    configure(originals_expire_days=(datetime.now(UTC) - datetime(2026, 1, 3, tzinfo=UTC)).days)
    assert (reconcile().code, found(reconcile())) == (0, [])
    world.s3.delete_object(Bucket=VARIANTS, Key=min(world.variants()))
    ran = reconcile("--repair", "--yes")
    assert (ran.code, found(ran)) == (1, [("missing-variants", "a")]), "there is nothing to render it from"


def test_variants_that_no_row_names_are_deleted(repaired, render, world):
    render("a", "a b")
    orphan = keys.variant_key("a b", "0" * 16, parse_presets(PRESETS)[0])
    world.s3.put_object(Bucket=VARIANTS, Key=orphan, Body=b"?")
    world.s3.put_object(Bucket=VARIANTS, Key=orphan.replace("a b", "gone"), Body=b"?")
    assert repaired() == [("orphan-variant", "a b"), ("orphan-variant", "gone")]


@pytest.mark.parametrize("state", ["PENDING", "FAILED", "none"])
def test_variants_of_an_image_that_is_not_settled_are_not_judged(reconcile, world, waiting, state):
    if state == "FAILED":
        world.render.error = RuntimeError("?")
        world.deliver(world.upload("a"), attempt=5)
    elif state == "PENDING":
        announce(world, "a")
    world.s3.put_object(Bucket=ORIGINALS, Key="uploads/a", Body=b"pixels")
    key = keys.variant_key("a", "0" * 16, parse_presets(PRESETS)[0])
    world.s3.put_object(Bucket=VARIANTS, Key=key, Body=b"stored a moment ago")
    ran = reconcile("--repair", "--yes")
    assert key in world.variants()
    assert ran.lines[-1]["notJudged"]["variants"] == {"unsettled": 1}


def test_what_is_young_is_ignored(imagectl, render, world):
    render("a")
    world.upload("no row yet")
    orphan = keys.variant_key("a", "0" * 16, parse_presets(PRESETS)[0])
    world.s3.put_object(Bucket=VARIANTS, Key=orphan, Body=b"?")
    world.remove("a")
    ran = imagectl("reconcile", "--json")
    assert (ran.code, found(ran)) == (0, [])
    assert ran.lines[-1]["notJudged"] == {
        "originals": {"young": 1},
        "rows": {"young": 1},
        "variants": {"young": 1},
    }


def test_an_orphan_that_a_render_names_in_that_moment_is_rendered_again(
    reconcile, render, world, stack, monkeypatch
):
    render("a")
    row = world.row("a")
    del row["CreatedAt"]
    variant = min(world.variants())
    orphan = variant.replace(variant.split("/")[2], "0" * 16)
    world.s3.put_object(Bucket=VARIANTS, Key=orphan, Body=b"?")
    delete = stack.s3.delete_object

    def name_it_first(**request):
        variants = row["Variants"] | {"thumbnail": row["Variants"]["thumbnail"] | {"Key": orphan}}
        world.catalog.commit({**row, "PresetHash": "other", "Variants": variants}, row)
        return delete(**request)

    monkeypatch.setattr(stack.s3, "delete_object", name_it_first)
    ran = reconcile("--repair", "--yes")
    assert [line["done"] for line in ran.lines if line["type"] == "finding"] == ["sent to be rendered"]


def test_after_the_loss_of_the_table_not_everything_agrees_but_nothing_was_looked_at(imagectl, render, world):
    render("a", "b")
    for image_id in ("a", "b"):
        forget_row(world, image_id)
    ran = imagectl("reconcile")
    assert ran.code == 0
    assert "agree" not in ran.err
    assert "2 originals not judged: younger than --grace-minutes" in ran.err
    assert ran.err.splitlines()[-1] == "0 rows, 2 originals, 4 variants: 6 not judged"
    assert imagectl("reconcile", "--json").lines[-1]["clean"] is False


def test_an_upload_that_is_not_settled_yet_is_not_judged(imagectl, render, world):
    render("overwritten")
    announce(world, "pending")
    world.upload("pending")
    world.upload("overwritten", b"other pixels")
    assert imagectl("reconcile", "--json").lines[-1]["notJudged"] == {"originals": {"waiting": 2}}


def test_folder_markers_are_counted_and_not_judged(reconcile, render, world):
    render("a")
    for key in ("uploads/", "uploads/summer/", "express/"):
        world.s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"")
    ran = reconcile()
    assert (ran.code, found(ran)) == (0, [])
    assert ran.lines[-1]["notJudged"] == {"originals": {"folder": 3}}


def test_what_changes_under_the_eyes_is_not_judged(reconcile, render, world, monkeypatch):
    render("a")
    forget_row(world, "a")
    get = Catalog.get

    def announced_meanwhile(catalog, image_id):
        announce(world, image_id)
        return get(catalog, image_id)

    monkeypatch.setattr(Catalog, "get", announced_meanwhile)
    ran = reconcile()
    assert found(ran) == []
    assert ran.lines[-1]["notJudged"]["originals"] == {"changed": 1}


def test_variants_whose_original_may_have_expired_outlive_the_loss_of_their_row(
    reconcile, render, world, configure, monkeypatch
):
    render("a")
    forget_row(world, "a")
    world.s3.delete_object(Bucket=ORIGINALS, Key="uploads/a")
    configure(originals_expire_days=30)
    later = datetime.now(UTC) + timedelta(days=30)
    monkeypatch.setattr(inconsistencies, "_age", lambda moment: later - moment)
    ran = reconcile("--repair", "--yes")
    assert (found(ran), ran.lines[-1]["notJudged"]) == ([], {"variants": {"expired": 2}})
    assert len(world.variants()) == 2
    later -= timedelta(days=1)
    ran = reconcile("--repair", "--yes")
    assert found(ran) == [("orphan-variant", "a")] * 2
    assert world.variants() == {}


STRANGE = (
    "elsewhere/a.jpg",
    "root.jpg",
    "uploads2/a.jpg",
    "resized/a/0000000000000000/thumbnail.jpg",
    "express",
)


def test_objects_outside_the_known_prefixes_are_reported_and_left_alone(reconcile, render, world):
    render("a")
    for key in STRANGE:
        world.s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"?")
    world.s3.put_object(Bucket=VARIANTS, Key="uploads/a.jpg", Body=b"?")
    ran = reconcile("--repair", "--yes")
    reported = [line["key"] for line in ran.lines if line["type"] == "finding"]
    assert (ran.code, sorted(reported)) == (1, sorted([*STRANGE, "uploads/a.jpg"]))
    assert {line["kind"] for line in ran.lines if line["type"] == "finding"} == {"foreign-object"}
    for key in STRANGE:
        assert world.s3.head_object(Bucket=ORIGINALS, Key=key)


def test_more_images_than_are_looked_at_at_once_are_all_repaired(reconcile, world, waiting):
    ids = [f"{number:03}" for number in range(100)]
    for image_id in ids:
        world.upload(image_id)
    ran = reconcile("--repair", "--yes", "--rate", "10000")
    assert [image_id for _, image_id in found(ran)] == ids
    assert [line["imageId"] for line in ran.lines[:-1]] == ids
    assert sorted(record["s3"]["object"]["key"] for record in waiting()) == [
        f"uploads/{each}" for each in ids
    ]


def test_objects_that_are_no_variants_are_left_alone(reconcile, world):
    world.s3.put_object(Bucket=VARIANTS, Key="resized/readme.txt", Body=b"?")
    ran = reconcile("--repair", "--yes")
    assert (ran.code, found(ran)) == (1, [("foreign-object", "")])
    assert list(world.variants()) == ["resized/readme.txt"]


@pytest.mark.parametrize("size", [970, 1024])
def test_an_original_whose_key_is_too_long_is_reported_and_left_alone(reconcile, render, world, size):
    render("a", "z")
    name = "m" * (size - len("uploads/"))
    world.deliver(world.upload(name))
    ran = reconcile("--repair", "--yes")
    [finding, summary] = ran.lines
    assert (ran.code, finding["kind"], finding["key"]) == (1, "key-too-long", f"uploads/{name}")
    assert (summary["originals"], summary["fixed"]) == (3, 0)
    assert world.s3.head_object(Bucket=ORIGINALS, Key=f"uploads/{name}")


@pytest.mark.parametrize("key", [f"uploads/{EXPRESS_ID}", "express/holiday.jpg"])
def test_an_original_in_the_wrong_lane_is_reported_and_left_alone(reconcile, render, world, key):
    render("a", EXPRESS_ID)
    world.s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"pixels")
    ran = reconcile("--repair", "--yes")
    [finding, summary] = ran.lines
    assert (ran.code, finding["kind"], finding["key"]) == (1, "misplaced-original", key)
    assert (summary["originals"], summary["fixed"]) == (2, 0)
    assert world.s3.head_object(Bucket=ORIGINALS, Key=key)


def test_originals_of_both_lanes_are_compared_in_one_order(reconcile, render):
    render("0", EXPRESS_ID, "1", "z")
    ran = reconcile()
    assert (ran.code, found(ran), ran.lines[-1]["originals"]) == (0, [], 4)


def test_what_a_worker_that_died_did_not_clean_up_is_cleaned_up(repaired, render, world, monkeypatch):
    render("a", presets=OTHER_PRESETS)
    record = world.upload("a", b"other pixels")
    with monkeypatch.context() as patch:
        patch.setattr(world.storage, "remove_variants", lambda _: None)
        patch.setattr(world.catalog, "forget_superseded", lambda _: None)
        world.deliver(record)
    assert repaired() == [("leftover", "a")]


def test_no_more_is_deleted_than_allowed(reconcile, render, world, waiting):
    render("a", "b", "c")
    for image_id in "abc":
        world.remove(image_id)
    ran = reconcile("--repair", "--yes", "--max-deletions", "2")
    assert (ran.code, ran.lines[-1]["fixed"]) == (1, 2)
    assert len(waiting()) == 2


def test_without_repair_nothing_is_changed(reconcile, render, world, waiting):
    render("a")
    world.upload("b")
    forget_row(world, "a")
    ran = reconcile()
    assert (ran.code, found(ran)) == (1, [("missing-row", "a"), ("missing-row", "b")])
    assert waiting() == []


def test_a_row_that_was_written_after_the_scan_is_not_missing(reconcile, world, monkeypatch):
    record = world.upload("a")
    scanned = world.catalog._client.scan

    def scan_then_settle(**request):
        answer = scanned(**request)
        world.deliver(record)
        return answer

    monkeypatch.setattr(world.catalog._client, "scan", scan_then_settle)
    assert found(reconcile()) == []


def test_the_snapshot_is_in_the_order_of_a_buckets_listing():
    variant = {"Width": 1, "Height": 1, "Bytes": 1, "ContentType": "image/jpeg"}
    with snapshot() as rows:
        rows.add(
            {
                "ImageID": each,
                "Status": "READY",
                "Variants": {"t": variant | {"Key": f"resized/{each}/r/t.jpg"}},
            }
            for each in reversed(IMAGES)
        )
        ids, variants = [key for key, _ in rows.rows()], [key for key, _ in rows.variants()]
    assert ids == [each.encode() for each in IMAGES]
    assert variants == sorted(variants)
    assert variants != [f"resized/{each}/r/t.jpg".encode() for each in IMAGES], "a/ comes after a-1/"


def test_streams_are_merged_by_their_keys():
    left, right = [(b"a", 1), (b"c", 3)], [(b"b", 2), (b"c", 4), (b"d", 5)]
    assert list(merged(iter(left), iter(right))) == [
        (b"a", 1, None),
        (b"b", None, 2),
        (b"c", 3, 4),
        (b"d", None, 5),
    ]


def test_without_a_terminal_the_hint_names_only_options_that_exist(imagectl):
    ran = imagectl("reconcile", "--repair")
    assert ran.code == 3
    assert "leave out --repair" in ran.err
    assert "--dry-run" not in ran.err
