import pytest

from handlers.contract import keys
from handlers.contract.s3_events import ObjectEvent
from handlers.resize.outcomes import Message
from handlers.resize.queues import Queues
from tests.unit.resize_environment import EXPRESS_ID, ORIGINALS


def created(image_id):
    return ObjectEvent(
        kind="created",
        bucket=ORIGINALS,
        key=keys.original_key(image_id),
        sequencer="01",
        size=1,
        etag="",
        version_id=None,
        time="2026-01-02T03:04:05.678Z",
    )


@pytest.fixture
def urls(aws, clients):
    """The queues of both lanes."""
    sqs = clients["sqs"]
    return {lane: sqs.create_queue(QueueName=f"uploads-{lane}")["QueueUrl"] for lane in ("bulk", "express")}


@pytest.mark.parametrize(("image_id", "lane"), [(EXPRESS_ID, "express"), ("dropped.jpg", "bulk")])
def test_an_event_is_sent_again_to_the_queue_of_its_lane(urls, clients, image_id, lane):
    Queues(clients["sqs"], urls).resend(created(image_id), 0)
    assert [lane for lane in urls if clients["sqs"].receive_message(QueueUrl=urls[lane]).get("Messages")] == [
        lane
    ]


def test_without_an_express_lane_its_events_are_sent_again_to_the_bulk_queue(urls, clients):
    off = {"bulk": urls["bulk"], "express": urls["bulk"]}
    Queues(clients["sqs"], off).resend(created(EXPRESS_ID), 0)
    assert clients["sqs"].receive_message(QueueUrl=urls["bulk"])["Messages"]


@pytest.mark.parametrize("lane", ["bulk", "express"])
@pytest.mark.parametrize("off", [False, True])
def test_a_message_is_put_off_in_the_queue_that_it_is_in(urls, clients, lane, off):
    sqs = clients["sqs"]
    sqs.send_message(QueueUrl=urls[lane], MessageBody="m")
    [received] = sqs.receive_message(QueueUrl=urls[lane], VisibilityTimeout=600)["Messages"]
    name = urls[lane].rpartition("/")[2]
    known = {"bulk": urls["bulk"], "express": urls["bulk"]} if off else urls
    put_off = Message(
        id="m", receipt_handle=received["ReceiptHandle"], queue=name, body="m", attempt=1, last=False
    )
    Queues(sqs, known).postpone(put_off, 0)
    assert sqs.receive_message(QueueUrl=urls[lane])["Messages"]
