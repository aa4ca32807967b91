from types import SimpleNamespace

import pytest

from imagectl.operations.queues import NotSent, QueueSender
from imagectl.operations.rate_limit import RateLimit


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_the_pace_is_kept_and_idle_time_is_not_saved_up():
    clock = Clock()
    pace = RateLimit(10, clock=clock, sleep=clock.sleep)
    for _ in range(21):
        pace.wait()
    assert clock.now == pytest.approx(102)
    clock.now += 60
    pace.wait(5)
    assert clock.now == pytest.approx(162)
    pace.wait()
    assert clock.now == pytest.approx(162.5)


class Queue:
    """A queue that refuses messages as often as `refusals` says, and is as deep as `depths` tells."""

    def __init__(self, refusals=0, depths=()):
        self.refusals, self.depths, self.bodies, self.slept = refusals, list(depths), [], []

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803 - as boto3 has it
        assert len(Entries) <= 10
        refused = [Entries[-1]["Id"]] if self.refusals else []
        self.refusals = max(0, self.refusals - 1)
        self.bodies += [entry["MessageBody"] for entry in Entries if entry["Id"] not in refused]
        return {"Failed": [{"Id": each, "Message": "busy"} for each in refused]}

    def get_queue_attributes(self, **_):
        depth = str(self.depths.pop(0) if self.depths else 0)
        names = ("", "NotVisible", "Delayed")
        return {
            "Attributes": {f"ApproximateNumberOfMessages{name}": depth if not name else "0" for name in names}
        }


def sender(queue, **options):
    return QueueSender(queue, "url", rate=1e9, sleep=queue.slept.append, **options)


def test_every_message_is_sent_once_although_some_are_refused_at_first():
    queue = Queue(refusals=3)
    assert sender(queue).send(str(number) for number in range(25)) == 25
    assert sorted(queue.bodies, key=int) == [str(number) for number in range(25)]


def test_a_queue_that_keeps_refusing_ends_it():
    with pytest.raises(NotSent, match="busy"):
        sender(Queue(refusals=100)).send(["a"])


def test_it_waits_until_the_queue_is_shallow_again():
    queue = Queue(depths=[50, 20, 5])
    sender(queue, max_depth=10).send(["a"])
    assert queue.bodies == ["a"]
    assert SimpleNamespace(looks_left=len(queue.depths), waits=len(queue.slept)) == SimpleNamespace(
        looks_left=0, waits=2
    )
