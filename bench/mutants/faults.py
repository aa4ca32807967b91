"""The deliberate faults: what each one breaks, and the line that does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """A line of a module of `handlers` and what stands there instead."""

    what: str
    module: str
    line: str
    broken: str

    @contextmanager
    def applied(self, project: Path) -> Iterator[None]:
        """Break the module in a copy of the project for the length of the block.

        Raises ValueError unless the line is there exactly once.
        """
        path = project / "handlers" / self.module
        text = path.read_text("utf-8")
        if text.count(self.line) != 1:
            raise ValueError(f"{self.module} has this {text.count(self.line)} times: {self.line}")
        path.write_text(text.replace(self.line, self.broken), "utf-8")
        try:
            yield
        finally:
            path.write_text(text, "utf-8")


FAULTS = (
    Fault(
        "a message is acknowledged although one of its records failed",
        "resize/message_batch.py",
        "if not outcomes[m.id] <= ACKNOWLEDGED",
        "if outcomes[m.id] and outcomes[m.id].isdisjoint(ACKNOWLEDGED)",
    ),
    Fault(
        "an image is given up at its first failure",
        "resize/message_batch.py",
        "if line.event and line.error and message.last:",
        "if line.event and line.error:",
    ),
    Fault(
        "a retry comes at once",
        "contract/backoff.py",
        "return jitter() * min(max_seconds, base_seconds * (1 << doublings))",
        "return 0",
    ),
    Fault(
        "sequencers of different length are compared as they are",
        "contract/event_order.py",
        'return upper.rstrip("0") or "0"',
        "return upper",
    ),
    Fault(
        "an event is rendered although its object was overwritten",
        "resize/worker.py",
        "if original is None or original.version != event.version:",
        "if original is None:",
    ),
    Fault(
        "the original is not looked for after the commit",
        "resize/worker.py",
        "        if self._removals.is_removed(event):\n            self._removals.forget(settled)",
        "        if False:\n            self._removals.forget(settled)",
    ),
    Fault(
        "a superseded image's variants stay",
        "resize/worker.py",
        "self._storage.remove_variants(set(answer.superseded) - set(variant_keys(settled)))",
        "self._storage.remove_variants(())",
    ),
    Fault(
        "a loser of a race leaves what it wrote",
        "resize/worker.py",
        "        self._discard(event, image_id, row)\n        if row[",
        "        if row[",
    ),
    Fault(
        "uploads of the same bytes share their variants",
        "resize/worker.py",
        "keys.render_of(event.upload, self._preset_hash)",
        "keys.render_of(event.version, self._preset_hash)",
    ),
    Fault(
        "an older event overwrites a newer image",
        "storage/catalog.py",
        '"(attribute_not_exists(#Sequencer) OR #Sequencer < :Sequencer"',
        '"(attribute_not_exists(#Sequencer) OR #Sequencer <> :Sequencer"',
    ),
    Fault(
        "a row is replaced while variants it superseded still stand",
        "storage/catalog.py",
        '" AND attribute_not_exists(#Superseded)"',
        '""',
    ),
    Fault(
        "a row is deleted that another worker has replaced",
        "storage/catalog.py",
        '"ConditionExpression": " AND ".join(terms),',
        '"ConditionExpression": "attribute_not_exists(#Sequencer) OR NOT (" + " AND ".join(terms) + ")",',
    ),
    Fault(
        "an original is read while its scan is under way",
        "resize/malware_verdict.py",
        "    return False",
        "    return True",
    ),
    Fault(
        "the scan of a newer upload decides about an older one",
        "resize/malware_gate.py",
        "scan.version_id != event.version_id",
        "scan.version_id == event.version_id == None",
    ),
    Fault(
        "an image that ends the render process once is rejected",
        "rendering/sandbox/process.py",
        "_TRIES: Final = 2",
        "_TRIES: Final = 1",
    ),
    Fault(
        "a download that broke off passes for the whole object",
        "storage/buckets.py",
        "if len(data) < expected:",
        "if len(data) < 0:",
    ),
    Fault(
        "an operator's mark on a row is published as its outcome",
        "publish/completion_events.py",
        ' or after["PresetHash"] == NOT_RENDERED',
        "",
    ),
    Fault(
        "events that the bus did not take are forgotten",
        "publish/event_bus.py",
        "raise NotTaken(left[0].about, said)",
        "return",
    ),
    Fault(
        "a change that cannot be read is dropped",
        "publish/publisher.py",
        "self._bury(record)",
        "pass",
    ),
    Fault(
        "what was not published is acknowledged",
        "publish/entry_point.py",
        '[{"itemIdentifier": error.about}]',
        "[]",
    ),
)
