"""Workers interleaved at every call, killed and refused anywhere: in the end the account balances."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from handlers.contract import keys
from handlers.contract.presets import parse_presets, preset_hash
from handlers.contract.rows import ANNOUNCED, variant_keys
from handlers.publish.completion_events import ImageDeletedEvent, event_of
from local.consistency import Expected, balance
from tests.unit.model.s3 import MALWARE
from tests.unit.model.service import GENERATIONS, NOT_AN_IMAGE, Service, announcement, rendering
from tests.unit.resize_environment import EXPRESS_ID, ORIGINALS

ALL = ("a", "a/b", EXPRESS_ID)
IMAGES = st.sampled_from(["a", "a", *ALL])
DATA = st.sampled_from([b"one", b"two", NOT_AN_IMAGE, MALWARE])
GESTURES = st.sampled_from(
    [
        "remove",
        "delete",
        "copy",
        "announce",
        "announce",
        "expire",
        "forget old versions",
        "redrive",
        "deploy",
        "scan",
    ]
)
PLACES = st.integers(0, 5)
FAULTS = ["refused", "answer lost", "killed before", "killed after"]
FATES = st.sampled_from([*["done"] * 8, *FAULTS])
# Which of three workers goes on (or takes which message), how many calls, and how the last one ends.
MOVES = st.lists(st.tuples(st.integers(0, 2), PLACES, st.integers(0, 5), FATES), min_size=1, max_size=12)
PRESETS = {preset_hash(presets): presets for presets in map(parse_presets, GENERATIONS)}


class Convergence(RuleBasedStateMachine):
    """Uploads, removals and deliveries in any order; teardown lets things calm down and looks."""

    @initialize(versioned=st.booleans(), gated=st.booleans())
    def begin(self, versioned, gated):
        self.gated = gated
        self.service = Service(versioned=versioned, gated=gated)
        self.workers = [None, None, None]

    @rule(image_id=IMAGES, data=DATA)
    def upload(self, image_id, data):
        self.service.upload(image_id, data)

    @rule(image_id=IMAGES, other=IMAGES, gesture=GESTURES)
    def do_something_else(self, image_id, other, gesture):
        if gesture == "remove":
            self.service.remove(image_id)
        elif gesture == "delete":
            self.begin_to_delete(image_id)
        elif gesture == "copy":
            self.service.copy(other, image_id)
        elif gesture == "announce":
            self.service.announce(image_id)
        elif gesture == "expire":
            self.service.expire(image_id)
        elif gesture == "forget old versions":
            self.service.buckets.forget_old_versions(keys.original_key(image_id))
        elif gesture == "scan":
            self.service.buckets.scan()
        elif gesture == "redrive":
            self.service.queue.redrive()
        elif self.service.deploy():
            self.service.backfill()

    def begin_to_delete(self, image_id):
        """With the first worker that has nothing to do, whose calls are then those of the API."""
        for place, task in enumerate(self.workers):
            if task is None or task.finished:
                self.workers[place] = self.service.delete(image_id)
                return

    @precondition(lambda self: self.service.queue.messages)
    @rule(place=PLACES)
    def duplicate(self, place):
        self.service.queue.duplicate(place)

    @precondition(lambda self: self.service.queue.messages)
    @rule(moves=MOVES)
    def work(self, moves):
        for worker, place, calls, fate in moves:
            task = self.workers[worker]
            if (task is None or task.finished) and self.service.queue.visible:
                task = self.workers[worker] = self.service.deliver(place)
            for each in (*["done"] * calls, fate):
                if task and not task.finished:
                    self.service.step(task, each)
                    self.named_variants_are_there()

    @rule(error=st.sampled_from(["overrun", "broken"]))
    def fail_at_the_next_rendering(self, error):
        self.service.next_rendering = error

    @invariant()
    def named_variants_are_there(self):
        """A reader never finds a key that is not there, as long as the image itself is."""
        if not hasattr(self, "service"):
            return
        for image_id, row in self.service.rows().items():
            current = self.service.buckets.current("originals", keys.original_key(image_id))
            if current and row.get("VersionId") == current.id:
                assert set(variant_keys(row)) <= set(self.service.variants())

    def teardown(self):
        if not hasattr(self, "service"):
            return
        try:
            self._calm_down()
        finally:
            self.service.stop()

    def _calm_down(self):
        service = self.service
        service.finish()
        service.queue.redrive()
        service.finish()
        service.backfill()
        service.finish()
        assert not service.queue.dead_letters
        account = balance(self._expected(), service.rows(), service.variants())
        assert account.balances, account
        for row in service.rows().values():
            assert "Superseded" not in row
            self._assert_shows_its_original(row)
            self._assert_says_what_was_announced(row)
        self._assert_subscribers_know()
        for image_id in ALL:
            service.remove(image_id)
        service.finish()
        assert {row["Status"] for row in service.rows().values()} <= {"PENDING", "DELETED"}
        assert service.variants() == {}
        self._assert_subscribers_know()

    def _assert_subscribers_know(self):
        """Who goes by the sequencers of the events has what the bucket has, in whatever order they come."""
        newest = {}
        for event in self.service.events():
            if event.image_id not in newest or event.sequencer >= newest[event.image_id].sequencer:
                newest[event.image_id] = event
            if isinstance(event, ImageDeletedEvent):
                assert event.image_id in self.service.removed
        for image_id, event in newest.items():
            if self.service.original(image_id) is None:
                assert isinstance(event, ImageDeletedEvent)
            else:
                assert event == event_of(self.service.rows()[image_id], ORIGINALS)

    def _expected(self):
        expected = {}
        for image_id in ALL:
            current = self.service.buckets.current("originals", keys.original_key(image_id))
            if current and self.gated and current.data == MALWARE:
                expected[image_id] = Expected(etag=current.etag, reasons=frozenset({"MalwareFound"}))
            elif current:
                good = current.data != NOT_AN_IMAGE
                overrun = {"RenderTimedOut"} if current.data in self.service.overrun else set()
                expected[image_id] = Expected(
                    etag=current.etag,
                    presets=frozenset({"thumbnail", "small"} if good else ()),
                    reasons=frozenset(overrun if good else overrun | {"NotAnImage"}),
                )
        return expected

    def _assert_shows_its_original(self, row):
        if row["Status"] == "READY":
            original = self.service.original(row["ImageID"])
            shown = {name: self.service.variants()[v["Key"]] for name, v in row["Variants"].items()}
            presets = PRESETS[row["PresetHash"]]
            assert row["PresetHash"] == preset_hash(parse_presets(self.service.presets))
            assert shown == {preset.name: rendering(preset, original) for preset in presets}

    def _assert_says_what_was_announced(self, row):
        """All of it or nothing, and all of it where the object says it, too."""
        said = {name: row[name] for name in ANNOUNCED if name in row}
        if "Owner" in said:
            assert said == announcement(row["ImageID"])
        else:  # of an image that was deleted before it had a row, nothing is known
            assert set(said) == {"CreatedAt"} or (row["Status"] == "DELETED" and not said)
        current = self.service.buckets.current("originals", keys.original_key(row["ImageID"]))
        if current and current.metadata and self._may_be_read(current):
            assert said == announcement(row["ImageID"])

    def _may_be_read(self, version):
        """Of what a scan did not find clean, S3 says nothing to the worker."""
        return not self.gated or version.data != MALWARE


# More examples are different ones at every run; the usual ones are the same everywhere.
# A failure is shrunk, which can take minutes, unless one only wants to know that there is one.
UNWANTED = {Phase.shrink, Phase.explain} if "CONVERGENCE_NO_SHRINKING" in os.environ else set()
EXAMPLES = os.environ.get("CONVERGENCE_EXAMPLES")

TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(
    max_examples=int(EXAMPLES or 300),
    derandomize=not EXAMPLES,
    stateful_step_count=30,
    phases=[each for each in Phase if each not in UNWANTED],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
