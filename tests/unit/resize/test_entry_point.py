"""The resize function as Lambda calls it: composed from its environment, fed by a real queue's messages."""

import ctypes
import json
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image

from handlers.contract.settings import ResizeSettings, SettingsError, variables
from handlers.resize import entry_point
from tests.unit.resize_environment import resize_settings, s3_record

CONTEXT = SimpleNamespace(aws_request_id="r1", get_remaining_time_in_millis=lambda: 900_000)


@pytest.fixture
def queue_url(world, clients):
    return clients["sqs"].create_queue(QueueName="uploads")["QueueUrl"]


@pytest.fixture
def function(request, world, service, queue_url, monkeypatch):
    given = getattr(request, "param", {})
    settings = resize_settings(queue_url=queue_url, max_upload_bytes=100_000, **given)
    for name, value in variables(ResizeSettings, settings).items():
        monkeypatch.setenv(name, value)
    entry_point.compose.cache_clear()
    yield entry_point.handler
    if entry_point.compose.cache_info().currsize:
        entry_point.compose()[1]._render.__self__.stop()
    entry_point.compose.cache_clear()


@pytest.fixture
def deliver(clients, queue_url):
    """Sends records through the queue; returns the Lambda event of the messages received."""

    def through_the_queue(*bodies):
        sqs = clients["sqs"]
        for body in bodies:
            sqs.send_message(QueueUrl=queue_url, MessageBody=body)
        received = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return {
            "Records": [
                {
                    "messageId": each["MessageId"],
                    "receiptHandle": each["ReceiptHandle"],
                    "body": each["Body"],
                    "attributes": each["Attributes"],
                    "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue_url.rpartition('/')[2]}",
                }
                for each in received["Messages"]
            ]
        }

    return through_the_queue


def png():
    file = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(file, "PNG")
    return file.getvalue()


def body(*records):
    return json.dumps({"Records": records})


def test_a_message_batch_is_answered_with_the_failures_alone(world, function, deliver):
    good, bad = world.upload("good", png()), world.upload("bad", b"no image at all")
    lambda_event = deliver(body(good), body(bad), "malformed", '{"Event": "s3:TestEvent"}')
    answer = function(lambda_event, CONTEXT)
    failed = [each["messageId"] for each in lambda_event["Records"] if each["body"] == "malformed"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": failed[0]}]}
    assert world.row("good")["Status"] == "READY"
    assert world.row("bad")["Reason"] == "NotAnImage"
    thumbnail = world.variants()[world.row("good")["ResizedImageKey"]]
    assert Image.open(BytesIO(thumbnail)).size == (128, 128)


def test_what_the_deadline_leaves_is_visible_at_once(world, function, deliver, clients, queue_url):
    lambda_event = deliver(body(world.upload("a", png())), body(world.upload("b", png())))
    late = SimpleNamespace(aws_request_id="r1", get_remaining_time_in_millis=lambda: 29_999)
    [failure] = function(lambda_event, late)["batchItemFailures"]
    again = clients["sqs"].receive_message(QueueUrl=queue_url)["Messages"]
    assert [each["MessageId"] for each in again] == [failure["itemIdentifier"]]
    assert sorted(bool(world.row(image_id)) for image_id in "ab") == [False, True]


@pytest.mark.parametrize("function", [{"malware_scan": True, "malware_scan_minutes": 10**7}], indirect=True)
def test_what_was_not_scanned_waits_in_the_queue_and_is_acknowledged(
    world, function, deliver, clients, queue_url
):
    clean, waiting = world.upload("clean", png()), world.upload("waiting", png())
    tagging = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": "NO_THREATS_FOUND"}]}
    world.s3.put_object_tagging(Bucket="originals", Key="uploads/clean", Tagging=tagging)
    assert function(deliver(body(clean), body(waiting)), CONTEXT) == {"batchItemFailures": []}
    assert world.row("clean")["Status"] == "READY"
    assert world.row("waiting") is None
    names = ["ApproximateNumberOfMessagesDelayed"]
    depth = clients["sqs"].get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    assert depth == {"ApproximateNumberOfMessagesDelayed": "1"}


def test_the_functions_parts_are_made_once(function, deliver):
    function(deliver('{"Event": "s3:TestEvent"}'), CONTEXT)
    composed = entry_point.compose()
    function(deliver('{"Event": "s3:TestEvent"}'), CONTEXT)
    assert entry_point.compose() is composed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes processes to others of their user")
def test_the_function_is_concealed_from_its_render_process(function, deliver):
    libc = ctypes.CDLL(None)
    libc.prctl(4, 1, 0, 0, 0)
    function(deliver('{"Event": "s3:TestEvent"}'), CONTEXT)
    assert libc.prctl(3, 0, 0, 0, 0) == 0


def test_a_function_without_its_settings_says_which_is_missing(function, monkeypatch):
    monkeypatch.delenv("VARIANTS_BUCKET")
    with pytest.raises(SettingsError, match="VARIANTS_BUCKET is not set"):
        function({"Records": []}, CONTEXT)


def test_log_lines_hold_the_image_id_and_no_name_or_address(world, function, deliver, capsys):
    world.catalog.put_pending([{"ImageID": "a", "FileName": "private holiday.png", "ExpiresAt": 1}])
    created, foreign = world.upload("a", png()), s3_record("uploads/b", bucket="foreign")
    function(deliver(body(created), body(foreign), "private body"), CONTEXT)
    logged = capsys.readouterr().out
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {line.get("image_id") for line in lines} >= {"a", "b"}
    assert [line["outcome"] for line in lines if "outcome" in line].count("done") == 1
    assert any("_aws" in line for line in lines)
    for secret in ("private", "holiday", "https://", "X-Amz", "testing"):
        assert secret not in logged
