"""What an operator's commands print of keys, rows and dead letters does not act on the terminal."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.imagectl.test_terminal import EVIL, acts

SINCE = "2000-01-01T00:00Z"
COMMANDS = [
    ("redrive", "--dry-run"),
    ("redrive", "--yes", "--filter", "reason=*"),
    ("backfill", "--dry-run", "--all"),
    ("backfill", "--yes", "--all"),
    ("publish", "--since", SINCE, "--dry-run"),
    ("reconcile", "--grace-minutes", "0", "--stuck-minutes", "0"),
    ("reconcile", "--grace-minutes", "0", "--stuck-minutes", "0", "--repair", "--yes"),
]


@pytest.fixture
def evil(world, stack, clients):
    """An image whose id is hostile, rendered and failed, and a dead letter about it."""
    world.deliver(world.upload(EVIL))
    clients["dynamodb"].update_item(
        TableName=stack.table,
        Key={"ImageID": {"S": EVIL}},
        UpdateExpression="SET #s = :s, #r = :t, #e = :t",
        ExpressionAttributeNames={"#s": "Status", "#r": "Reason", "#e": "Error"},
        ExpressionAttributeValues={":s": {"S": "FAILED"}, ":t": {"S": EVIL}},
    )
    clients["s3"].put_object(Bucket=stack.variants, Key=f"resized/{EVIL}", Body=b"x")
    letter = json.dumps({"Records": [world.upload(EVIL)]})
    clients["sqs"].send_message(QueueUrl=stack.dead_letter_url, MessageBody=letter)


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_what_acts_on_a_terminal(imagectl, evil, command, as_json):
    ran = imagectl(*command, *as_json)
    assert ran.out
    assert "mine" in ran.out or "--yes" in command
    assert acts(ran) == set()


def test_what_aws_says_when_it_refuses_is_one_printable_line(imagectl, monkeypatch):
    def refuse(**_):
        raise ClientError({"Error": {"Code": EVIL, "Message": EVIL}}, "Scan")

    monkeypatch.setattr("imagectl.operations.stack.find_stack", refuse)
    ran = imagectl("backfill", "--dry-run")
    assert ran.code == 3
    assert acts(ran) == set()
    assert len(ran.err.splitlines()) == 2
