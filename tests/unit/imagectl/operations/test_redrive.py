import json

import pytest
from botocore.exceptions import ClientError

from imagectl.operations import message_move
from tests.unit.imagectl.operations.conftest import bodies
from tests.unit.resize_environment import EXPRESS_ID


@pytest.fixture
def fail(world, stack):
    """Have an image fail for good, with its message among the dead letters."""

    def kill(image_id, error):
        record = world.upload(image_id)
        world.render.error = error
        world.deliver(record, attempt=5)
        world.render.error = None
        stack.sqs.send_message(
            QueueUrl=stack.dead_letter_url,
            MessageBody=json.dumps({"Records": [record]}),
            MessageAttributes={"Trace": {"DataType": "String", "StringValue": image_id}},
        )
        return record

    return kill


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("imagectl.operations.dead_letters._LONG_POLL_SECONDS", 0)


@pytest.fixture
def cannot_move(stack, monkeypatch):
    """An endpoint without message move tasks."""

    def refuse(**_):
        raise ClientError({"Error": {"Code": "InvalidAction", "Message": "?"}}, "StartMessageMoveTask")

    monkeypatch.setattr(stack.sqs, "start_message_move_task", refuse)


@pytest.fixture
def two_letters(fail, stack):
    """A stack in which two images have failed, each for its own reason."""
    fail("a", RuntimeError("over quota"))
    fail("b", OSError("gone"))
    return stack


def letters(stack):
    return bodies(stack.sqs, stack.dead_letter_url)


def test_a_dry_run_shows_letters_with_their_reasons_and_leaves_them(imagectl, fail, stack, waiting):
    fail("a", RuntimeError("the disk is on fire"))
    stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody="gibberish")
    ran = imagectl("redrive", "--dry-run", "--json")
    *shown, summary = ran.lines
    by_reason = {letter["reason"]: letter for letter in shown}
    assert by_reason["RuntimeError"]["keys"] == ["uploads/a"]
    assert by_reason["RuntimeError"]["error"] == "the disk is on fire"
    assert by_reason["RuntimeError"]["status"] == "FAILED"
    assert by_reason["MalformedMessage"]["keys"] == []
    assert summary == {"type": "summary", "found": 2, "sent": 0, "dryRun": True}
    assert waiting() == []
    assert len(letters(stack)) == 2, "they are visible again"


def test_letters_go_back_to_the_queue_with_body_and_attributes(imagectl, fail, stack, cannot_move, world):
    records = [fail(f"image {number}", RuntimeError("?")) for number in range(12)]
    ran = imagectl("redrive", "--yes", "--json", "--rate", "1000")
    assert (ran.code, ran.lines[-1]["sent"]) == (0, 12)
    assert letters(stack) == []
    found = stack.sqs.receive_message(
        QueueUrl=stack.queue_url, MaxNumberOfMessages=1, MessageAttributeNames=["All"]
    )["Messages"]
    assert found[0]["MessageAttributes"]["Trace"]["StringValue"].startswith("image ")
    assert world.deliver(records[0]) == ["done Ready"], "the worker takes up a failed image"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["reason=OSError"], {"uploads/b"}),
        (["key=uploads/a*"], {"uploads/a"}),
        (["error=*quota*"], {"uploads/a"}),
        (["status=FAILED", "reason=*Error"], {"uploads/a", "uploads/b"}),
        (["reason=OSError", "key=uploads/a"], set()),
    ],
)
def test_a_filter_sends_what_matches_and_leaves_the_rest_visible(
    imagectl, two_letters, waiting, terms, expected
):
    filters = [argument for term in terms for argument in ("--filter", term)]
    assert imagectl("redrive", "--yes", *filters).code == 0
    assert {record["s3"]["object"]["key"] for record in waiting()} == expected
    assert len(letters(two_letters)) == 2 - len(expected)


def test_a_letter_that_cannot_be_sent_is_not_deleted(imagectl, fail, stack, cannot_move, monkeypatch):
    fail("a", RuntimeError("?"))

    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessage")

    monkeypatch.setattr(stack.sqs, "send_message", refuse)
    ran = imagectl("redrive", "--yes")
    assert ran.code == 3
    assert "SendMessage" in ran.err
    hidden = stack.sqs.get_queue_attributes(QueueUrl=stack.dead_letter_url, AttributeNames=["All"])[
        "Attributes"
    ]
    there = int(hidden["ApproximateNumberOfMessages"]) + int(hidden["ApproximateNumberOfMessagesNotVisible"])
    assert there == 1


def test_without_a_person_to_ask_nothing_is_sent(imagectl, fail, stack, waiting):
    fail("a", RuntimeError("?"))
    ran = imagectl("redrive")
    assert ran.code == 3
    assert "--yes" in ran.err
    assert waiting() == []
    assert len(letters(stack)) == 1


def test_a_filter_that_means_nothing_is_refused(imagectl):
    assert imagectl("redrive", "--filter", "colour=red").code == 2


def test_no_dead_letters_are_no_error(imagectl):
    ran = imagectl("redrive", "--yes")
    assert (ran.code, ran.err.strip()) == (0, "no dead letters")


def test_what_is_left_in_the_express_queue_goes_to_the_bulk_queue_when_its_lane_is_off(
    imagectl, world, stack, waiting, cannot_move
):
    record = world.upload(EXPRESS_ID)
    stack.sqs.send_message(QueueUrl=stack.express_queue_url, MessageBody=json.dumps({"Records": [record]}))
    assert imagectl("redrive", "--yes", "--json").lines[-1]["found"] == 0
    object.__setattr__(stack, "express_lane", False)
    ran = imagectl("redrive", "--yes", "--json")
    assert (ran.lines[-1]["found"], ran.lines[-1]["sent"]) == (1, 1)
    assert "1 messages in the express queue" in ran.err
    assert waiting() == [record]
    assert bodies(stack.sqs, stack.express_queue_url) == []


class Moves:
    """SQS with message move tasks, which end after three looks with `end`."""

    def __init__(self, sqs, end):
        self._sqs, self._end, self.started, self._looks = sqs, end, None, 0

    def __getattr__(self, name):
        return getattr(self._sqs, name)

    def start_message_move_task(self, **request):
        self.started = request
        return {"TaskHandle": "handle"}

    def list_message_move_tasks(self, **_):
        self._looks += 1
        status = self._end if self._looks == 3 else "RUNNING"
        moved = {"ApproximateNumberOfMessagesMoved": self._looks, "ApproximateNumberOfMessagesToMove": 3}
        return {"Results": [{"Status": status, "FailureReason": "it rained", **moved}]}


@pytest.mark.parametrize("code", ["AccessDenied", "AWS.SimpleQueueService.UnknownOperationException"])
def test_an_endpoint_that_cannot_move_is_no_error(stack, monkeypatch, code):
    def refuse(**_):
        raise ClientError({"Error": {"Code": code, "Message": "?"}}, "StartMessageMoveTask")

    monkeypatch.setattr(stack.sqs, "start_message_move_task", refuse)
    assert message_move.start_move(stack.sqs, stack.dead_letter_url, stack.queue_url, rate=5) is None


@pytest.mark.parametrize("express_lane", [True, False])
def test_where_sqs_moves_by_itself_a_letter_goes_where_it_came_from_unless_nothing_reads_there(
    imagectl, fail, stack, monkeypatch, express_lane
):
    object.__setattr__(stack, "express_lane", express_lane)
    fail("a", RuntimeError("?"))
    moves = Moves(stack.sqs, "COMPLETED")
    monkeypatch.setitem(vars(stack), "sqs", moves)
    monkeypatch.setattr(message_move, "_SECONDS", 0)
    ran = imagectl("redrive", "--yes", "--rate", "7", "--json")
    assert moves.started["MaxNumberOfMessagesPerSecond"] == 7
    assert moves.started["SourceArn"].endswith(":dead-letters")
    assert moves.started.get("DestinationArn", "").endswith("" if express_lane else ":uploads")
    assert ("DestinationArn" in moves.started) != express_lane
    assert "running: 2 of 3" in ran.err
    assert ran.lines[-1]["sent"] == 3


def test_a_move_that_sqs_gives_up_is_an_error(imagectl, fail, stack, monkeypatch):
    fail("a", RuntimeError("?"))
    monkeypatch.setitem(vars(stack), "sqs", Moves(stack.sqs, "FAILED"))
    monkeypatch.setattr(message_move, "_SECONDS", 0)
    ran = imagectl("redrive", "--yes")
    assert ran.code == 3
    assert "it rained" in ran.err


def test_what_fails_again_meanwhile_does_not_go_round_for_ever(
    imagectl, fail, stack, cannot_move, monkeypatch
):
    fail("a", RuntimeError("?"))
    send = stack.sqs.send_message

    def fail_at_once(QueueUrl, **message):  # noqa: N803 - as boto3 has it
        send(QueueUrl=stack.dead_letter_url, **message)
        return send(QueueUrl=QueueUrl, **message)

    monkeypatch.setattr(stack.sqs, "send_message", fail_at_once)
    assert imagectl("redrive", "--yes", "--json").lines[-1]["sent"] == 1


def test_as_many_letters_as_sqs_lets_be_hidden_are_not_too_many(imagectl, fail, stack, monkeypatch):
    for number in range(12):
        fail(f"{number}", RuntimeError("?"))
    receive, calls = stack.sqs.receive_message, []

    def refuse_the_second(**request):
        calls.append(request)
        if len(calls) == 2:
            raise ClientError({"Error": {"Code": "OverLimit", "Message": "120000"}}, "ReceiveMessage")
        return receive(**request)

    monkeypatch.setattr(stack.sqs, "receive_message", refuse_the_second)
    assert imagectl("redrive", "--dry-run", "--json").lines[-1]["found"] == 10


def test_the_body_of_a_letter_that_is_no_s3_event_is_shown(imagectl, fail, stack):
    fail("a", RuntimeError("?"))
    stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody="gibberish \x1b[2J" + "x" * 1000)
    ran = imagectl("redrive", "--dry-run")
    [line] = [line for line in ran.out.splitlines() if "MalformedMessage" in line]
    assert ": gibberish \ufffd[2Jxxx" in line
    assert len(line) < 500
    bodies = {
        letter["reason"]: letter["body"] for letter in imagectl("redrive", "--dry-run", "--json").lines[:-1]
    }
    assert bodies["RuntimeError"] == ""
    assert len(bodies["MalformedMessage"]) > 1000


def test_only_letters_that_are_no_s3_events_can_be_discarded(imagectl, fail, stack, waiting):
    fail("a", RuntimeError("?"))
    for body in ("gibberish", "{}"):
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    assert imagectl("redrive", "--discard", "--dry-run", "--json").lines[-1]["discarded"] == 0
    assert imagectl("redrive", "--discard").code == 3, "there is nobody to ask"
    ran = imagectl("redrive", "--discard", "--yes", "--json")
    assert (ran.code, ran.lines[-1]["discarded"]) == (0, 2)
    [left] = letters(stack)
    assert "Records" in left
    assert waiting() == []
