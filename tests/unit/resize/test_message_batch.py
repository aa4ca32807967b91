import json
import threading
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.backoff import retry_delay
from handlers.resize.message_batch import MAX_DELAY_SECONDS, Settled, handle_batch, read_messages
from tests.unit.resize_environment import MAX_RECEIVE_COUNT, message, s3_record

DONE = Settled(outcome="done", note="Ready", size=7)
REJECTED = Settled(outcome="rejected", note="NotAnImage", size=7)


class FakeSteps:
    """Settles each key as `ends` says: a Settled is returned, an exception raised."""

    def __init__(self, ends=None, *, give_up_error=None, postpone_error=None):
        self.ends = ends or {}
        self.give_up_error = give_up_error
        self.postpone_error = postpone_error
        self.settled, self.given_up, self.postponed, self.lines = [], [], [], []

    def settle(self, event, attempt):
        self.settled.append(event.key)
        end = self.ends.get(event.key, DONE)
        if isinstance(end, BaseException):
            raise end
        return end

    def give_up(self, event, attempt, error):
        self.given_up.append((event.key, attempt, error))
        if self.give_up_error:
            raise self.give_up_error

    def postpone(self, message, seconds):
        self.postponed.append((message.id, seconds))
        if self.postpone_error:
            raise self.postpone_error

    def report(self, line):
        self.lines.append(line)

    @property
    def outcomes(self):
        return [f"{line.outcome} {line.note}" for line in self.lines]


def handle(steps, *messages, remaining_seconds=lambda: 300.0, retry_base_seconds=10, workers=1):
    """Handle the messages; returns the ids that are reported as failed."""
    answer = handle_batch(
        messages,
        settle=steps.settle,
        give_up=steps.give_up,
        postpone=steps.postpone,
        report=steps.report,
        remaining_seconds=remaining_seconds,
        record_seconds=30,
        retry_base_seconds=retry_base_seconds,
        workers=workers,
    )
    assert set(answer) == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def clock(*readings):
    """The seconds that remain, reading by reading; the last stays."""
    left = list(readings)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_a_done_record_is_acknowledged():
    steps = FakeSteps()
    assert handle(steps, message(s3_record("uploads/a"))) == []
    assert steps.outcomes == ["done Ready"]
    assert steps.postponed == []


def test_a_rejected_record_is_acknowledged_and_never_given_up():
    steps = FakeSteps({"uploads/a": REJECTED})
    assert handle(steps, message(s3_record("uploads/a"), attempt=MAX_RECEIVE_COUNT)) == []
    assert steps.outcomes == ["rejected NotAnImage"]
    assert steps.given_up == []


@pytest.mark.parametrize("error", [RuntimeError("bug"), TimeoutError(), MemoryError(), RecursionError()])
def test_any_exception_is_retried_and_made_visible_later(error):
    steps = FakeSteps({"uploads/a": error})
    assert handle(steps, message(s3_record("uploads/a"))) == ["m1"]
    assert steps.outcomes == [f"retry {type(error).__name__}"]
    assert [id_ for id_, _ in steps.postponed] == ["m1"]
    assert steps.given_up == []


def test_what_ends_the_process_is_not_taken_for_a_failing_record():
    with pytest.raises(SystemExit):
        handle(FakeSteps({"uploads/a": SystemExit()}), message(s3_record("uploads/a")))


def test_the_test_event_is_acknowledged():
    steps = FakeSteps()
    assert handle(steps, message(body='{"Event": "s3:TestEvent"}')) == []
    assert steps.settled == []


def test_a_message_without_records_is_acknowledged():
    assert handle(FakeSteps(), message()) == []


@pytest.mark.parametrize("attempt", [1, MAX_RECEIVE_COUNT])
def test_a_malformed_message_is_retried_until_the_dead_letter_queue_keeps_it(attempt):
    steps = FakeSteps()
    assert handle(steps, message(body="?", attempt=attempt)) == ["m1"]
    assert steps.outcomes == ["retry MalformedMessage"]
    assert steps.lines[0].event is None
    assert steps.given_up == []


def test_no_message_at_all_is_no_failure():
    assert handle(FakeSteps()) == []


def test_only_the_failing_message_comes_back():
    steps = FakeSteps({"uploads/b": RuntimeError()})
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "abc"]
    assert handle(steps, *messages) == ["b"]
    assert sorted(steps.settled) == ["uploads/a", "uploads/b", "uploads/c"]


def test_every_record_of_a_message_is_handled_though_one_fails():
    steps = FakeSteps({"uploads/a": RuntimeError(), "uploads/b": REJECTED})
    assert handle(steps, message(*(s3_record(f"uploads/{name}") for name in "abc"))) == ["m1"]
    assert steps.outcomes == ["retry RuntimeError", "rejected NotAnImage", "done Ready"]


def test_the_readable_records_of_a_message_are_handled_though_one_is_malformed():
    steps = FakeSteps()
    assert handle(steps, message(s3_record("uploads/a"), {}, s3_record("uploads/c"))) == ["m1"]
    assert steps.settled == ["uploads/a", "uploads/c"]
    assert Counter(steps.outcomes) == {"done Ready": 2, "retry MalformedMessage": 1}


def test_a_message_with_several_failing_records_is_reported_once():
    steps = FakeSteps({"uploads/a": RuntimeError(), "uploads/b": RuntimeError()})
    assert handle(steps, message(s3_record("uploads/a"), s3_record("uploads/b"))) == ["m1"]
    assert len(steps.postponed) == 1


def test_on_the_last_receive_only_the_failing_records_are_given_up():
    error = RuntimeError("bug")
    steps = FakeSteps({"uploads/b": error})
    records = [s3_record(f"uploads/{name}") for name in "abc"]
    assert handle(steps, message(*records, attempt=MAX_RECEIVE_COUNT)) == ["m1"]
    assert steps.given_up == [("uploads/b", MAX_RECEIVE_COUNT, error)]


def test_before_the_last_receive_nothing_is_given_up():
    steps = FakeSteps({"uploads/a": RuntimeError()})
    handle(steps, message(s3_record("uploads/a"), attempt=MAX_RECEIVE_COUNT - 1))
    assert steps.given_up == []


def test_giving_up_that_fails_itself_is_reported_and_hides_nothing():
    steps = FakeSteps({"uploads/a": RuntimeError()}, give_up_error=TimeoutError())
    records = [s3_record("uploads/a"), s3_record("uploads/b")]
    assert handle(steps, message(*records, attempt=MAX_RECEIVE_COUNT)) == ["m1"]
    assert steps.outcomes == ["retry RuntimeError", "done Ready", "retry GiveUpTimeoutError"]


def test_postponing_that_fails_is_reported_and_hides_nothing():
    steps = FakeSteps({"uploads/a": RuntimeError()}, postpone_error=TimeoutError())
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "ab"]
    assert handle(steps, *messages) == ["a"]
    assert "retry PostponeTimeoutError" in steps.outcomes


def test_what_the_deadline_leaves_untouched_goes_back_visible_at_once():
    steps = FakeSteps()
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "abc"]
    assert handle(steps, *messages, remaining_seconds=clock(29)) == ["b", "c"]
    assert steps.settled == ["uploads/a"]
    assert steps.outcomes == ["done Ready", "deferred DeadlineReached", "deferred DeadlineReached"]
    assert steps.postponed == [("b", 0), ("c", 0)]


def test_the_time_of_one_record_and_for_closing_is_enough_to_begin_another():
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "ab"]
    assert handle(FakeSteps(), *messages, remaining_seconds=clock(34)) == []
    assert handle(FakeSteps(), *messages, remaining_seconds=clock(33)) == ["b"]


def until_a_deadline(seconds):
    """The time that is left of so many seconds, as a clock tells it."""
    deadline = time.monotonic() + seconds
    return lambda: max(0.0, deadline - time.monotonic())


@pytest.fixture
def hanging():
    """Steps of which some never end, until the test does."""
    over = threading.Event()

    class HangingSteps(FakeSteps):
        def __init__(self, *steps):
            super().__init__()
            self._hangs = steps

        def _perhaps(self, step):
            if step in self._hangs:
                over.wait(60)

        def settle(self, event, attempt):
            self._perhaps(event.key)
            return super().settle(event, attempt)

        def give_up(self, event, attempt, error):
            super().give_up(event, attempt, error)
            self._perhaps("give up")

        def postpone(self, message, seconds):
            super().postpone(message, seconds)
            self._perhaps("postpone")

    yield HangingSteps
    over.set()


def test_a_record_that_never_ends_is_a_failure_in_an_answer_that_comes_before_the_deadline(hanging):
    steps, left = hanging("uploads/a"), until_a_deadline(2)
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "ab"]
    assert handle(steps, *messages, remaining_seconds=left, workers=2) == ["a", "b"]
    assert left() > 0
    assert ("retry DeadlineReached") in steps.outcomes
    assert {name for name, _ in steps.postponed} == {"a", "b"}


def test_calls_that_never_end_after_the_records_do_not_cost_the_answer(hanging):
    for step in ("give up", "postpone"):
        steps, left = hanging("uploads/a", step), until_a_deadline(2)
        poisoned = message(s3_record("uploads/a"), id="a", attempt=MAX_RECEIVE_COUNT)
        assert handle(steps, poisoned, remaining_seconds=left) == ["a"]
        assert left() > 0


def test_the_first_record_of_a_call_begins_because_the_next_call_would_have_no_more_time():
    steps = FakeSteps()
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "ab"]
    assert len(handle(steps, *messages, remaining_seconds=clock(1), workers=2)) == 1
    assert len(steps.settled) == 1


def test_a_record_waits_for_those_at_work_when_there_is_no_time_for_both_at_once():
    at_work = []

    class CountingSteps(FakeSteps):
        def settle(self, event, attempt):
            at_work.append(1)
            assert len(at_work) == 1
            time.sleep(0.01)
            at_work.pop()
            return super().settle(event, attempt)

    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "abcd"]
    assert handle(CountingSteps(), *messages, remaining_seconds=clock(59), workers=4) == []


class MeetingSteps(FakeSteps):
    """Records wait in `settle` until so many are in it at the same time."""

    def __init__(self, parties, timeout):
        super().__init__()
        self._barrier = threading.Barrier(parties, timeout=timeout)

    def settle(self, event, attempt):
        self._barrier.wait()
        return super().settle(event, attempt)


def test_as_many_records_are_at_work_as_there_are_workers():
    messages = [message(s3_record(f"uploads/{name}"), id=name) for name in "abcd"]
    steps = MeetingSteps(4, timeout=10)
    assert handle(steps, *messages, workers=4) == []
    assert sorted(steps.settled) == ["uploads/a", "uploads/b", "uploads/c", "uploads/d"]


def test_records_of_one_object_are_never_at_work_at_the_same_time():
    steps = MeetingSteps(2, timeout=0.1)
    messages = [message(s3_record("uploads/a", sequencer=f"0{n}"), id=f"m{n}") for n in (1, 2)]
    assert handle(steps, *messages, workers=2) == ["m1", "m2"]
    assert steps.outcomes == ["retry BrokenBarrierError"] * 2


def test_a_message_that_the_deadline_cuts_in_two_comes_back_at_once():
    steps = FakeSteps()
    records = [s3_record("uploads/a"), s3_record("uploads/b")]
    assert handle(steps, message(*records), remaining_seconds=clock(29)) == ["m1"]
    assert steps.settled == ["uploads/a"]
    assert steps.postponed == [("m1", 0)]


def test_a_message_that_failed_and_met_the_deadline_too_backs_off():
    steps = FakeSteps({"uploads/a": RuntimeError()})
    records = [s3_record("uploads/a"), s3_record("uploads/b")]
    handle(steps, message(*records, attempt=15), remaining_seconds=clock(29), retry_base_seconds=1e9)
    assert steps.postponed[0][1] > 0


def test_the_messages_nearest_to_the_dead_letter_queue_go_first():
    steps = FakeSteps()
    messages = [message(s3_record(f"uploads/{attempt}"), attempt=attempt) for attempt in (1, 4, 2, 3)]
    handle(steps, *messages)
    assert steps.settled == ["uploads/4", "uploads/3", "uploads/2", "uploads/1"]


def test_messages_received_equally_often_keep_their_order():
    steps = FakeSteps()
    handle(steps, *(message(s3_record(f"uploads/{name}")) for name in "cab"))
    assert steps.settled == ["uploads/c", "uploads/a", "uploads/b"]


def test_a_message_on_its_last_receive_that_the_deadline_stops_is_given_up():
    steps = FakeSteps()
    records = [s3_record("uploads/a"), s3_record("uploads/b")]
    handle(steps, message(*records, attempt=MAX_RECEIVE_COUNT), remaining_seconds=clock(0))
    [(key, _, error)] = steps.given_up
    assert key == "uploads/b"
    assert type(error).__name__ == "DeadlineReached"


def test_a_line_says_what_was_done_for_which_event_on_which_attempt():
    steps = FakeSteps()
    handle(steps, message(s3_record("uploads/a"), attempt=2))
    [line] = steps.lines
    assert (line.event.key, line.attempt, line.size, line.error) == ("uploads/a", 2, 7, None)


def test_a_line_of_a_failure_holds_the_error_and_the_size_that_s3_said():
    error = RuntimeError("bug")
    steps = FakeSteps({"uploads/a": error})
    handle(steps, message(s3_record("uploads/a", size=11)))
    assert (steps.lines[0].error, steps.lines[0].size) == (error, 11)


@given(st.integers(1, 1000), st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_a_retry_waits_between_nothing_and_the_base_doubled_with_every_attempt(attempt, base, jitter):
    ceiling = min(MAX_DELAY_SECONDS, base * 2 ** (attempt - 1))
    delay = retry_delay(attempt, base, MAX_DELAY_SECONDS, lambda: jitter)
    assert 0 <= delay <= ceiling
    assert delay == jitter * ceiling


def test_the_delay_ceiling_doubles_and_is_bounded():
    ceilings = [retry_delay(attempt, 10, MAX_DELAY_SECONDS, lambda: 1.0) for attempt in range(1, 10)]
    assert ceilings == [10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_full_jitter_spreads_the_delays_over_the_whole_range():
    delays = {retry_delay(5, 10, MAX_DELAY_SECONDS) for _ in range(500)}
    assert min(delays) < 40
    assert max(delays) > 120


def test_messages_are_read_from_the_lambda_event():
    event = {
        "Records": [
            {
                "messageId": f"id{attempt}",
                "receiptHandle": "handle",
                "body": "body",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:uploads-express",
                "attributes": {"ApproximateReceiveCount": str(attempt)},
            }
            for attempt in (4, 5, 6)
        ]
    }
    messages = read_messages(event, max_receive_count=5)
    assert [(each.id, each.attempt, each.last) for each in messages] == [
        ("id4", 4, False),
        ("id5", 5, True),
        ("id6", 6, True),
    ]
    first = messages[0]
    assert (first.receipt_handle, first.body, first.queue) == ("handle", "body", "uploads-express")


@given(
    st.lists(
        st.tuples(
            st.integers(1, MAX_RECEIVE_COUNT),
            st.lists(st.sampled_from(["done", "rejected", "retry", "malformed"]), max_size=4),
        ),
        max_size=6,
    )
)
def test_a_message_comes_back_exactly_when_one_of_its_records_must_be_retried(batch):
    ends = {"uploads/done": DONE, "uploads/rejected": REJECTED, "uploads/retry": RuntimeError()}
    steps = FakeSteps(ends)
    messages = [
        message(
            *({} if kind == "malformed" else s3_record(f"uploads/{kind}") for kind in kinds),
            attempt=attempt,
            id=f"m{number}",
        )
        for number, (attempt, kinds) in enumerate(batch)
    ]
    failed = handle(steps, *messages)
    wanted = {f"m{n}" for n, (_, kinds) in enumerate(batch) if {"retry", "malformed"} & set(kinds)}
    assert set(failed) == wanted
    assert len(failed) == len(wanted)
    assert len(steps.lines) == sum(len(kinds) for _, kinds in batch)
    assert sum(1 for _ in steps.given_up) == sum(
        kinds.count("retry") for attempt, kinds in batch if attempt == MAX_RECEIVE_COUNT
    )


def test_the_answer_is_what_lambda_reads_as_json():
    steps = FakeSteps()
    answer = handle_batch(
        [message(body="?")],
        settle=steps.settle,
        give_up=steps.give_up,
        postpone=steps.postpone,
        report=steps.report,
        remaining_seconds=clock(300),
        record_seconds=30,
        retry_base_seconds=1,
    )
    assert json.loads(json.dumps(answer)) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
