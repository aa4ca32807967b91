from collections import Counter
from datetime import datetime

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from handlers.api.problems import Problem
from handlers.api.quotas import Amounts, Quotas
from handlers.contract.quota_table import Hour
from handlers.storage.dynamodb_batches import TableBusy
from tests.unit.resize_environment import QUOTAS, Failing

NOW = datetime.fromisoformat("2026-03-04T05:06:07.890Z").timestamp()
LIMITS = Amounts(images=5, bytes=1000, express=2)
BUSY = ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"]


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class Counts:
    """One row of the table. As a client that gives back, it does so whenever `settle` is called."""

    def __init__(self):
        self.now = Counter()
        self.owed = []

    def update_item(self, *, ExpressionAttributeNames, ExpressionAttributeValues, **_):  # noqa: N803 - as in DynamoDB
        added = {
            ExpressionAttributeNames[f"#{name}"]: int(ExpressionAttributeValues[f":{name}"]["N"])
            for name in ("images", "bytes", "express")
        }
        if added["Images"] < 0:
            self.owed.append(added)
        else:
            self.now.update(added)
        return {"Attributes": {name: {"N": str(self.now[name])} for name in added}}

    def settle(self, calls):
        """Carry out so many of the writes that give back."""
        for _ in range(min(calls, len(self.owed))):
            self.now.update(self.owed.pop())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def refused():
    """How many images were beyond the quota, call by call."""
    return []


@pytest.fixture
def quotas(dynamodb, clock, refused):
    return counting(dynamodb, clock=clock, refused=refused.append)


def counting(client, limits=LIMITS, unrepeated=None, **parts):
    return Quotas(client, QUOTAS, unrepeated=unrepeated or client, limits=limits, **parts)


def bulk(images, size=1):
    return [Amounts.of(size, "bulk")] * images


def express(images, size=1):
    return [Amounts.of(size, "express")] * images


def answers(quotas, *images, principal="ada"):
    """The lane of each image, or the unit of the limit that refused it."""
    return [
        answer.document()["unit"] if isinstance(answer, Problem) else answer
        for answer in quotas.take(principal, [image for some in images for image in some])
    ]


def granted(quotas, images, principal="ada"):
    """How many of some small images are granted."""
    return answers(quotas, bulk(images), principal=principal).count("bulk")


def rows(dynamodb):
    return [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in dynamodb.scan(TableName=QUOTAS)["Items"]
    ]


def counts(dynamodb):
    return [tuple(int(row[name]) for name in ("Images", "Bytes", "Express")) for row in rows(dynamodb)]


def test_as_many_are_granted_as_the_limit_says_and_not_one_more(quotas):
    assert [granted(quotas, images) for images in (3, 2, 1, 4)] == [3, 2, 0, 0]


def test_what_fits_only_in_part_is_granted_in_part(quotas):
    assert [granted(quotas, images) for images in (3, 4, 1)] == [3, 2, 0]


def test_one_call_larger_than_the_limit_is_granted_the_limit(quotas):
    assert answers(quotas, bulk(7)) == ["bulk"] * 5 + ["images"] * 2


def test_a_file_beyond_the_bytes_is_refused_alone_and_smaller_ones_are_not(quotas):
    assert answers(quotas, bulk(1, 600), bulk(1, 401), bulk(1, 400), bulk(1, 1)) == [
        *("bulk", "bytes", "bulk", "bytes")
    ]


def test_what_is_refused_leaves_its_room_to_others(quotas, dynamodb):
    assert answers(quotas, express(1, 1001)) == ["bytes"]
    assert counts(dynamodb) == [(0, 0, 0)]
    assert answers(quotas, express(2, 500)) == ["express"] * 2
    assert answers(quotas, bulk(1)) == ["bytes"]
    assert counts(dynamodb) == [(2, 1000, 2)]


def test_the_first_images_that_ask_for_the_express_lane_get_it_and_the_others_are_bulk(quotas):
    assert answers(quotas, express(1)) == ["express"]
    assert answers(quotas, express(3)) == ["express", "bulk", "bulk"]
    assert answers(quotas, express(1)) == ["bulk"]


def test_an_image_that_asks_for_the_bulk_lane_leaves_the_express_lane_to_others(quotas):
    assert answers(quotas, bulk(2), express(1), bulk(1), express(1)) == [
        *("bulk", "bulk", "express", "bulk", "express")
    ]


def test_without_an_express_lane_all_are_bulk(dynamodb):
    quotas = counting(dynamodb, Amounts(images=5, bytes=1000, express=0))
    assert answers(quotas, express(2)) == ["bulk"] * 2


@given(st.lists(st.integers(1, 100), max_size=20), st.integers(1, 300))
def test_in_whatever_pieces_it_is_asked_for_exactly_the_limit_is_granted(pieces, limit):
    counter = Counts()
    quotas = counting(counter, Amounts(images=limit, bytes=10**9, express=0), clock=Clock())
    total = 0
    for piece in pieces:
        total += granted(quotas, piece)
        counter.settle(1)
    assert total == min(limit, sum(pieces))


CALL = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["express", "bulk"])), min_size=1, max_size=8)


@given(
    st.lists(st.tuples(CALL, st.integers(0, 3)), max_size=20),
    st.tuples(st.integers(1, 30), st.integers(1, 400), st.integers(0, 12)),
)
def test_whoever_calls_at_the_same_time_no_limit_is_passed_and_no_count_is_too_small(calls, limits):
    # All that a call shares with others are its two writes; between them any number of others may happen,
    # and the second may never happen.
    limits = Amounts(**dict(zip(("images", "bytes", "express"), limits, strict=True)))
    counter = Counts()
    quotas = counting(counter, limits, clock=Clock())
    total = Counter()
    for files, settled in calls:
        images = [Amounts.of(size, lane) for size, lane in files]
        for image, answer in zip(images, quotas.take("ada", images), strict=True):
            if not isinstance(answer, Problem):
                total.update(Images=1, Bytes=image.bytes, Express=int(answer == "express"))
                assert answer == "bulk" or image.express
        assert total["Images"] <= limits.images
        assert total["Bytes"] <= limits.bytes
        assert total["Express"] <= limits.express
        counter.settle(settled)
        assert all(total[name] <= counter.now[name] for name in ("Images", "Bytes", "Express"))


@given(st.lists(CALL, max_size=20))
def test_calls_one_after_another_get_whatever_fits(calls):
    limits = Amounts(images=20, bytes=300, express=5)
    counter = Counts()
    quotas = counting(counter, limits, clock=Clock())
    left = Counter(images=20, bytes=300, express=5)
    for files in calls:
        for (size, lane), answer in zip(
            files, quotas.take("ada", [Amounts.of(size, lane) for size, lane in files]), strict=True
        ):
            fits = left["images"] > 0 and left["bytes"] >= size
            expected = "express" if lane == "express" and left["express"] > 0 else "bulk"
            assert (answer == expected) if fits else isinstance(answer, Problem)
            if fits:
                left.subtract(images=1, bytes=size, express=int(expected == "express"))
        counter.settle(1)


def test_principals_have_quotas_of_their_own(quotas):
    granted(quotas, 5)
    assert granted(quotas, 1) == 0
    assert granted(quotas, 1, principal="bob") == 1


def test_with_the_next_hour_of_the_clock_the_count_starts_anew(quotas, clock):
    granted(quotas, 5)
    clock.now = datetime.fromisoformat("2026-03-04T05:59:59.999Z").timestamp()
    assert granted(quotas, 1) == 0
    clock.now = datetime.fromisoformat("2026-03-04T06:00:00Z").timestamp()
    assert granted(quotas, 5) == 5


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("05:06:07.890", 3233), ("05:00:00.000", 3600), ("05:59:59.000", 1), ("05:59:59.999", 1)],
)
def test_a_refusal_says_when_the_count_starts_anew(quotas, clock, moment, seconds):
    clock.now = datetime.fromisoformat(f"2026-03-04T{moment}Z").timestamp()
    refusal = quotas.take("ada", bulk(6))[-1]
    assert (refusal.status, refusal.retry_after) == (429, seconds)
    assert refusal.document()["resetsAt"] == "2026-03-04T06:00:00.000Z"


@pytest.mark.parametrize(
    ("images", "unit", "limit"), [(bulk(6), "images", 5), (bulk(1, 1001), "bytes", 1000)]
)
def test_a_refusal_names_the_limit_and_what_it_counts(quotas, images, unit, limit):
    refusal = quotas.take("ada", images)[-1].document()
    assert refusal["type"] == "urn:image-intake:problem:quota-exceeded"
    assert (refusal["limit"], refusal["unit"]) == (limit, unit)
    assert f"{limit} {unit}" in refusal["detail"]


def test_a_count_is_kept_under_principal_and_hour_and_expires_with_the_hour(quotas, dynamodb):
    quotas.take("https://login.example.com#ada@example.com", bulk(2, 100))
    quotas.take("https://login.example.com#ada@example.com", express(1, 23))
    assert rows(dynamodb) == [
        {
            "Principal": "https://login.example.com#ada@example.com",
            "Hour": "2026-03-04T05Z",
            "Images": "3",
            "Bytes": "223",
            "Express": "1",
            "ExpiresAt": str(int(datetime.fromisoformat("2026-03-04T06:00:00Z").timestamp())),
        }
    ]


def test_nothing_announced_is_nothing_counted(quotas, dynamodb, refused):
    assert quotas.take("ada", []) == []
    assert rows(dynamodb) == []
    assert refused == []


def test_what_is_beyond_the_quota_is_told_by_number(quotas, refused):
    for images in (bulk(4), bulk(4), bulk(2), bulk(1, 10_000)):
        quotas.take("ada", images)
    assert refused == [3, 2, 1]


@pytest.mark.parametrize("code", BUSY)
def test_what_cannot_be_counted_for_now_is_not_granted(dynamodb, code):
    with pytest.raises(TableBusy):
        counting(Failing(dynamodb, "update_item", error=failure(code))).take("ada", bulk(1))


@pytest.mark.parametrize("code", BUSY)
def test_counts_that_cannot_be_read_for_now_are_a_busy_table(dynamodb, code):
    with pytest.raises(TableBusy):
        counting(Failing(dynamodb, "get_item", error=failure(code))).usage("ada")


def failure(code):
    return ClientError({"Error": {"Code": code, "Message": "later"}}, "UpdateItem")


def test_a_fault_that_does_not_pass_is_not_taken_for_a_busy_table(dynamodb):
    dynamodb.delete_table(TableName=QUOTAS)
    for fails in (lambda quotas: quotas.take("ada", bulk(1)), lambda quotas: quotas.usage("ada")):
        with pytest.raises(ClientError, match="ResourceNotFound"):
            fails(counting(dynamodb))


@pytest.mark.parametrize(
    "error",
    [failure("ThrottlingException"), failure("AccessDeniedException"), ReadTimeoutError(endpoint_url="x")],
)
def test_what_cannot_be_given_back_is_spent_and_fails_nothing(dynamodb, error):
    quotas = counting(dynamodb, unrepeated=Failing(dynamodb, "update_item", error=error))
    assert answers(quotas, bulk(1, 1001), bulk(1, 10)) == ["bytes", "bulk"]
    assert counts(dynamodb) == [(2, 1011, 0)]


def test_a_call_without_a_refusal_is_one_write(dynamodb):
    quotas = counting(dynamodb, unrepeated=Failing(dynamodb, "update_item", error=AssertionError()))
    assert answers(quotas, express(3), bulk(1)) == ["express", "express", "bulk", "bulk"]


def test_the_use_of_an_hour_is_what_was_granted_in_it(quotas, clock):
    assert quotas.usage("ada").used == Amounts(images=0, bytes=0, express=0)
    answers(quotas, express(1, 100), bulk(2, 10), bulk(1, 2000))
    assert quotas.usage("ada").used == Amounts(images=3, bytes=120, express=1)
    assert quotas.usage("ada").resets_at == "2026-03-04T06:00:00.000Z"
    assert quotas.usage("bob").used == Amounts(images=0, bytes=0, express=0)
    clock.now += 3600
    assert quotas.usage("ada").used == Amounts(images=0, bytes=0, express=0)


def test_the_last_hour_of_a_day_ends_with_the_day():
    moment = datetime.fromisoformat("2026-12-31T23:30:00Z").timestamp()
    assert Hour.of(moment) == Hour(name="2026-12-31T23Z", ends=int(moment) + 1800)
