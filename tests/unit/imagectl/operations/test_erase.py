import time

import pytest

from handlers.api.quotas import Amounts, Quotas
from handlers.contract import keys
from handlers.contract.original_metadata import encode
from handlers.publish.completion_events import event_of_change
from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_items import to_row
from imagectl.operations.erasure import Erasure
from tests.unit.resize_environment import EXPRESS_ID, ORIGINALS, OTHER_PRESETS, QUOTAS, TABLE, VARIANTS
from tests.unit.table_stream import changes

ADA, BOB = "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:user/bob"


def row_of(image_id, owner=ADA):
    return {
        "ImageID": image_id,
        "OriginalKey": keys.original_key(image_id),
        "Owner": owner,
        "FileName": f"{image_id} of Ms X.jpg",
        "BatchID": "b1",
        "CreatedAt": "2026-01-02T03:04:05.678Z",
    }


class Clock:
    """A time that only passes while somebody sleeps; then `meanwhile` happens, once."""

    def __init__(self):
        self.now = time.time()
        self.meanwhile = lambda: None

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def erase(stack, clock):
    """Erase all of Ada's, and return how the erasure stands."""

    def run(*, wait=True):
        erasure = Erasure(stack, ADA, clock=clock, sleep=clock.sleep)
        again = erasure.run(wait=wait, report=lambda _: None)
        assert again == 0 or not wait
        return erasure

    return run


@pytest.fixture
def uploaded(world):
    """Announce images of an owner, have them uploaded, and rendered unless it is not wanted."""

    def make(*image_ids, owner=ADA, data=b"pixels", render=True):
        for image_id in image_ids:
            if world.row(image_id) is None:
                world.catalog.put_pending([row_of(image_id, owner)])
            record = world.upload(image_id, data, metadata=encode(row_of(image_id, owner)))
            if render:
                world.deliver(record)

    return make


def originals(world):
    """The ImageIDs of which any version or delete marker is stored."""
    listed = world.s3.list_object_versions(Bucket=ORIGINALS)
    stored = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    return {keys.image_id_of(each["Key"]) for each in stored}


def table(world):
    """Every item of the table as text."""
    return str(world.catalog._client.scan(TableName=TABLE)["Items"])


def events(clients):
    """What was published of all changes of the table."""
    told = []
    for record in changes(clients):
        images = (record["dynamodb"].get(name) for name in ("OldImage", "NewImage"))
        before, after = (image and to_row(image) for image in images)
        told.append(event_of_change(before, after, ORIGINALS))
    return [event for event in told if event]


def counters(world):
    return world.catalog._client.scan(TableName=QUOTAS)["Items"]


def assert_nothing_is_left(world, *others):
    assert originals(world) == set(others)
    assert {keys.image_id_of_variant(key) for key in world.variants()} == set(others)
    assert ADA not in table(world)
    assert "Ms X" not in table(world) or others
    assert ADA not in str(counters(world))


def lose(world, image_id):
    """Take a row away, as its expiry does."""
    world.catalog._client.delete_item(TableName=TABLE, Key={"ImageID": {"S": image_id}})


def test_everything_of_an_owner_is_erased_and_nothing_of_others(erase, uploaded, world):
    uploaded("ready", "overwritten", EXPRESS_ID, "without a row", "deleted", "deleted long ago")
    uploaded("overwritten", data=b"other pixels")
    uploaded("rejected", data=b"not an image")
    uploaded("not rendered", render=False)
    world.catalog.put_pending([row_of("never uploaded")])
    for image_id in ("deleted", "deleted long ago"):
        world.deliver(world.remove(image_id))
    for image_id in ("without a row", "deleted long ago"):
        lose(world, image_id)
    world.s3.put_object(Bucket=VARIANTS, Key="resized/ready/0123456789abcdef/orphan.jpg", Body=b"?")
    uploaded("ready/below", owner=BOB)
    world.deliver(world.upload("dropped"))
    others = {image_id: world.row(image_id) for image_id in ("ready/below", "dropped")}

    erasure = erase()

    assert_nothing_is_left(world, *others)
    assert {image_id: world.row(image_id) for image_id in others} == others
    assert erasure.removed["images"] == erasure.removed["rows"] == 9
    assert (erasure.removed["versions"], erasure.removed["deleteMarkers"]) == (9, 2)
    assert erasure.looked_at < 10, "only versions whose rows name no owner are looked at"


def test_a_row_that_is_left_says_that_an_image_was_erased_and_nothing_else(erase, uploaded, world):
    uploaded("a")
    erase()
    assert world.is_deleted("a")
    assert world.row("a").keys() == {
        "DeletedAt",
        "Erased",
        "ExpiresAt",
        "ImageID",
        "OriginalKey",
        "Sequencer",
        "Status",
    }


def test_every_image_that_is_erased_is_an_event_with_its_owner(erase, uploaded, world, clients):
    uploaded("a", "deleted long ago")
    world.deliver(world.remove("deleted long ago"))
    lose(world, "deleted long ago")
    erase()
    told = [event for event in events(clients) if getattr(event, "erased", False)]
    assert sorted(event.image_id for event in told) == ["a", "deleted long ago"]
    assert {event.owner for event in told} == {ADA}


def test_removals_that_s3_notifies_of_bring_nothing_back(erase, uploaded, world, clock, clients):
    uploaded("a")
    clock.meanwhile = lambda: world.deliver(world.removal("a"))
    erase()
    world.deliver(world.removal("a"))
    assert_nothing_is_left(world)
    assert len([event for event in events(clients) if type(event).__name__ == "ImageDeletedEvent"]) == 1


@pytest.fixture
def announceable(dynamodb, clock):
    """How many of five images an owner may announce, now or at another moment."""
    limits = Amounts(images=10**7, bytes=10**15, express=0)

    def ask(owner=ADA, moment=None):
        at = clock.now if moment is None else moment
        quotas = Quotas(dynamodb, QUOTAS, unrepeated=dynamodb, limits=limits, clock=lambda: at)
        answers = quotas.take(owner, [Amounts.of(10, "bulk")] * 5)
        return answers.count("bulk")

    return ask


@pytest.mark.parametrize("later", [0, 120])  # in the same hour of the clock, and in the next
def test_nothing_can_be_announced_while_everything_is_erased(erase, uploaded, clock, announceable, later):
    uploaded("a")
    clock.now += 3600 - clock.now % 3600 - 60
    moment = clock.now + later
    granted = []
    clock.meanwhile = lambda: granted.extend([announceable(ADA, moment), announceable(BOB, moment)])
    erase()
    assert granted == [0, 5]
    assert announceable(ADA, moment) == 5


@pytest.mark.parametrize(
    "late",
    [
        {"image_id": "announced before", "render": True},
        {"image_id": "announced before", "render": False},
        {"image_id": "known to nobody", "render": True},
        {"image_id": "known to nobody", "render": False},
    ],
)
def test_an_upload_by_a_policy_that_was_signed_before_is_erased(erase, uploaded, world, clock, late):
    uploaded("a")
    world.catalog.put_pending([row_of("announced before")])
    clock.meanwhile = lambda: uploaded(late["image_id"], render=late["render"])
    erase()
    assert_nothing_is_left(world)


def test_an_image_that_a_worker_was_rendering_is_erased(erase, uploaded, world, clock):
    world.catalog.put_pending([row_of("a")])
    record = world.upload("a", metadata=encode(row_of("a")))
    world.render.meanwhile = lambda: erase(wait=False)
    assert world.deliver(record) == ["done Ready"]
    world.deliver(world.removal("a"))
    erase()
    assert_nothing_is_left(world)


@pytest.fixture
def interrupt(stack):
    """Have a person press Ctrl-C before the nth change of anything."""
    left = []

    def countdown(model, **_):
        if left and model.name in {"DeleteObject", "UpdateItem", "DeleteItem"}:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

    for client in (stack.s3, stack.dynamodb):
        client.meta.events.register("before-call", countdown)
    yield left
    for client in (stack.s3, stack.dynamodb):
        client.meta.events.unregister("before-call", countdown)


@pytest.mark.parametrize("call", range(1, 16))
def test_an_erasure_that_was_interrupted_anywhere_is_finished_by_the_next(
    erase, uploaded, world, interrupt, call
):
    uploaded("a", "deleted long ago")
    world.deliver(world.remove("deleted long ago"))
    lose(world, "deleted long ago")
    interrupt[:] = [call]
    with pytest.raises(KeyboardInterrupt):
        erase()
    interrupt.clear()
    erase()
    assert_nothing_is_left(world)


def test_without_waiting_it_is_not_complete_before_policies_have_expired(erase, uploaded, world, clock):
    uploaded("a")
    assert erase(wait=False).removed["images"] == 1
    assert originals(world) == set()
    assert ADA in table(world), "whoever ends early is found again by what is left"
    erase(wait=False)
    assert ADA in table(world)
    clock.now += 900 + 60
    erase(wait=False)
    assert_nothing_is_left(world)


def test_an_image_that_a_worker_may_still_have_read_is_looked_at_again(erase, uploaded, world, clock):
    uploaded("a")
    erase(wait=False)
    clock.now += 900 + 60
    uploaded("late")
    for _ in range(2):
        erase(wait=False)
        assert ADA in table(world)
    clock.now += 60
    erase(wait=False)
    assert_nothing_is_left(world)


def test_a_row_that_changes_while_it_is_made_nobodys_is_looked_at_again(erase, uploaded, world, monkeypatch):
    uploaded("a")
    forget, calls = Catalog.forget, []

    def changed(self, row, names):
        calls.append(row)
        if len(calls) == 1:
            world.deliver(world.removal("a"))
        return forget(self, row, names)

    monkeypatch.setattr(Catalog, "forget", changed)
    erase()
    assert len(calls) > 1
    assert_nothing_is_left(world)


def test_a_run_long_after_one_that_was_not_complete_waits_again(stack, erase, uploaded, clock, world):
    uploaded("a")
    erase(wait=False)
    clock.now += 3 * 3600
    erasure = Erasure(stack, ADA, clock=clock, sleep=clock.sleep)
    assert erasure.run(wait=False, report=lambda _: None) > clock.now
    assert ADA in table(world)


def test_an_owner_of_nothing_is_no_error(erase, uploaded, world):
    uploaded("b", owner=BOB)
    assert erase().removed["images"] == 0
    assert originals(world) == {"b"}


def test_what_would_be_erased_is_counted_without_erasing_it(imagectl, uploaded, world):
    uploaded("a")
    uploaded("a", data=b"other pixels")
    world.catalog.put_pending([row_of("b")])
    before = table(world)
    ran = imagectl("erase", "--owner", ADA, "--dry-run", "--json")
    assert (ran.code, ran.summary["complete"]) == (0, False)
    counts = {"images": 2, "versions": 2, "deleteMarkers": 0, "variants": 2, "rows": 2}
    assert ran.summary["counts"].items() >= counts.items()
    assert table(world) == before
    assert originals(world) == {"a"}
    assert counters(world) == []


def test_nothing_is_erased_unless_somebody_agrees(imagectl, uploaded, world):
    uploaded("a")
    assert imagectl("erase", "--owner", ADA).code == 3
    assert imagectl("erase", "--owner", "", "--yes").code == 2
    assert world.row("a")["Status"] == "READY"
    assert counters(world) == []


def test_an_erasure_that_is_not_complete_is_said_to_be_so(imagectl, uploaded):
    uploaded("a")
    ran = imagectl("erase", "--owner", ADA, "--yes", "--no-wait")
    assert ran.code == 1
    assert "erased 1 images, 1 versions" in ran.out
    assert "run the same command again after" in ran.err


def test_superseded_variants_are_erased(erase, uploaded, world):
    uploaded("a")
    record = world.upload("a", b"other pixels", metadata=encode(row_of("a")))
    world.deliver(record, worker=world.worker(presets=OTHER_PRESETS))
    erase()
    assert_nothing_is_left(world)
