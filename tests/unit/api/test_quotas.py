from datetime import datetime

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from handlers.api.quotas import Quotas
from handlers.contract.quota_table import Hour
from handlers.storage.dynamodb_batches import TableBusy
from tests.unit.resize_environment import QUOTAS, Failing

NOW = datetime.fromisoformat("2026-03-04T05:06:07.890Z").timestamp()
LIMIT = 5


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class Counter:
    """The table in a few words, for many examples."""

    def __init__(self):
        self.used = 0

    def update_item(self, *, ExpressionAttributeValues, **_):  # noqa: N803 - as in DynamoDB
        self.used += int(ExpressionAttributeValues[":images"]["N"])
        return {"Attributes": {"Used": {"N": str(self.used)}}}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def refused():
    """How many images were beyond the quota, call by call."""
    return []


@pytest.fixture
def quotas(dynamodb, clock, refused):
    return Quotas(dynamodb, QUOTAS, limit=LIMIT, clock=clock, refused=refused.append)


def rows(dynamodb):
    return [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in dynamodb.scan(TableName=QUOTAS)["Items"]
    ]


def test_as_many_are_granted_as_the_limit_says_and_not_one_more(quotas):
    assert [quotas.take("ada", images).images for images in (3, 2, 1, 4)] == [3, 2, 0, 0]


def test_what_fits_only_in_part_is_granted_in_part(quotas):
    assert [quotas.take("ada", images).images for images in (3, 4, 1)] == [3, 2, 0]


def test_one_call_larger_than_the_limit_is_granted_the_limit(quotas):
    assert quotas.take("ada", 100).images == LIMIT


@given(st.lists(st.integers(1, 100), max_size=20), st.integers(1, 300))
def test_in_whatever_pieces_it_is_asked_for_exactly_the_limit_is_granted(pieces, limit):
    quotas = Quotas(Counter(), QUOTAS, limit=limit, clock=Clock())
    assert sum(quotas.take("ada", piece).images for piece in pieces) == min(limit, sum(pieces))


def test_principals_have_quotas_of_their_own(quotas):
    quotas.take("ada", LIMIT)
    assert quotas.take("ada", 1).images == 0
    assert quotas.take("bob", 1).images == 1


def test_with_the_next_hour_of_the_clock_the_count_starts_anew(quotas, clock):
    quotas.take("ada", LIMIT)
    clock.now = datetime.fromisoformat("2026-03-04T05:59:59.999Z").timestamp()
    assert quotas.take("ada", 1).images == 0
    clock.now = datetime.fromisoformat("2026-03-04T06:00:00Z").timestamp()
    assert quotas.take("ada", LIMIT).images == LIMIT


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("05:06:07.890", 3233), ("05:00:00.000", 3600), ("05:59:59.000", 1), ("05:59:59.999", 1)],
)
def test_a_refusal_says_when_the_count_starts_anew(quotas, clock, moment, seconds):
    clock.now = datetime.fromisoformat(f"2026-03-04T{moment}Z").timestamp()
    refusal = quotas.take("ada", LIMIT + 1).refusal
    assert refusal.retry_after == seconds
    assert (
        refusal.document().items()
        >= {
            "type": "urn:image-intake:problem:quota-exceeded",
            "status": 429,
            "limit": LIMIT,
            "resetsAt": "2026-03-04T06:00:00.000Z",
        }.items()
    )


def test_a_count_is_kept_under_principal_and_hour_and_expires_with_the_hour(quotas, dynamodb):
    quotas.take("https://login.example.com#ada@example.com", 2)
    quotas.take("https://login.example.com#ada@example.com", 1)
    assert rows(dynamodb) == [
        {
            "Principal": "https://login.example.com#ada@example.com",
            "Hour": "2026-03-04T05Z",
            "Used": "3",
            "ExpiresAt": str(int(datetime.fromisoformat("2026-03-04T06:00:00Z").timestamp())),
        }
    ]


def test_nothing_announced_is_nothing_counted(quotas, dynamodb, refused):
    assert quotas.take("ada", 0).images == 0
    assert rows(dynamodb) == []
    assert refused == []


def test_what_is_beyond_the_quota_is_told_by_number(quotas, refused):
    for images in (4, 4, 2):
        quotas.take("ada", images)
    assert refused == [3, 2]


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"]
)
def test_what_cannot_be_counted_for_now_is_not_granted(dynamodb, code):
    error = ClientError({"Error": {"Code": code, "Message": "later"}}, "UpdateItem")
    quotas = Quotas(Failing(dynamodb, "update_item", error=error), QUOTAS, limit=LIMIT)
    with pytest.raises(TableBusy):
        quotas.take("ada", 1)


def test_a_fault_that_does_not_pass_is_not_taken_for_a_busy_table(dynamodb):
    dynamodb.delete_table(TableName=QUOTAS)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        Quotas(dynamodb, QUOTAS, limit=LIMIT).take("ada", 1)


def test_the_last_hour_of_a_day_ends_with_the_day():
    moment = datetime.fromisoformat("2026-12-31T23:30:00Z").timestamp()
    assert Hour.of(moment) == Hour(name="2026-12-31T23Z", ends=int(moment) + 1800)
