"""A bus that keeps what it is told, and a stream that delivers as Lambda does."""

import json
from typing import Any

from botocore.exceptions import ClientError

from handlers.storage.dynamodb_items import to_item

NO_RIGHTS = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")


class FakeBus:
    """EventBridge. `refused` says of an ImageID how many times its event is not taken, `errors` are
    raised by the next calls, None by one that works.
    """

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self.refused: dict[str, int] = {}
        self.errors: list[Exception | None] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as in boto3
        assert 1 <= len(Entries) <= 10
        details = [json.loads(entry["Detail"]) for entry in Entries]
        self.calls.append([detail["imageId"] for detail in details])
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        answers = []
        for entry, detail in zip(Entries, details, strict=True):
            if self.refused.get(detail["imageId"], 0):
                self.refused[detail["imageId"]] -= 1
                answers.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
                continue
            self.events.append({**entry, "Detail": detail})
            answers.append({"EventId": "e"})
        return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    @property
    def told(self) -> list[str]:
        """The ImageIDs of the events taken, in order."""
        return [event["Detail"]["imageId"] for event in self.events]


def record(image_id: str, number: int = 1, **attributes: Any) -> dict[str, Any]:
    """The record of an image that became `REJECTED`."""
    moment = "2026-01-02T03:04:05.678Z"
    row = {
        "ImageID": image_id,
        "Status": "REJECTED",
        "Reason": "Truncated",
        "OriginalKey": f"uploads/{image_id}",
        "ETag": "e",
        "Bytes": 7,
        "Sequencer": "0A",
        "PresetHash": "p",
        "Attempts": 1,
        "CreatedAt": moment,
        "UploadedAt": moment,
        "ProcessedAt": moment,
    }
    change = {"SequenceNumber": f"{number:021}", "NewImage": to_item(row | attributes)}
    return {"eventID": f"e{number}", "eventName": "MODIFY", "dynamodb": change}


def records(count: int) -> list[dict[str, Any]]:
    """Records of as many images, `0`, `1`…"""
    return [record(str(number), number + 1) for number in range(count)]


def deliver(handler: Any, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Deliver records once, as Lambda does; what it will deliver next: those from the first that failed on.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    try:
        answer = handler({"Records": batch})
    except Exception:  # noqa: BLE001 - whatever a function raises, Lambda delivers again
        return batch
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    return [each for each in batch if failed and each["dynamodb"]["SequenceNumber"] >= min(failed)]
