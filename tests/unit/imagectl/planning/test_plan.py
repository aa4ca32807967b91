import json
import math

import pytest
from boto3.dynamodb.types import TypeSerializer

from handlers.contract.indexes import INDEXES
from imagectl import app
from imagectl.planning.express import express_lane
from imagectl.planning.planner import plan, simulated
from imagectl.planning.quantities import dollars, number_of, seconds_of
from imagectl.planning.usage import direct_usage, usage
from imagectl.planning.workload import Workload
from pricing.prices import price_table
from tests.unit.imagectl.conftest import Ran

LOAD = Workload(images=20_000, within=600, arriving=540)


@pytest.fixture
def imagectl(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            app.main(["plan", *arguments])
        said = capsys.readouterr()
        return Ran(ended.value.code or 0, said.out, said.err)

    return run


def test_the_concurrency_is_the_smallest_that_is_in_time():
    found = plan(LOAD)
    assert found.in_time
    assert simulated(LOAD, found.concurrency - 1).seconds > LOAD.within


def test_a_load_that_cannot_be_in_time_gets_all_there_is():
    found = plan(Workload(images=1_000_000, within=120, arriving=60))
    assert (found.concurrency, found.in_time) == (1000, False)


def test_a_slow_image_costs_more_concurrency():
    slow = plan(Workload(images=20_000, within=600, arriving=540, seconds_an_image=1.0))
    assert slow.concurrency > 2 * plan(LOAD).concurrency


def test_less_than_one_cpu_is_slower_and_more_is_not_faster():
    seconds = [
        Workload(images=1, within=1, arriving=1, memory_mib=mib).render_seconds for mib in (1024, 1769, 3008)
    ]
    assert seconds[0] == pytest.approx(seconds[1] * 1769 / 1024)
    assert seconds[1] == seconds[2]


@pytest.mark.parametrize(("images", "hours", "most"), [(1000, 0.5, 1000), (1000, 1, 1000), (1000, 3, 334)])
def test_the_quota_of_one_caller_is_what_comes_in_an_hour(images, hours, most):
    load = Workload(images=images, within=4 * 3600, arriving=hours * 3600)
    assert load.most_in_an_hour == most


def test_the_limits_are_sorted_by_how_near_they_are():
    shares = [limit.share for limit in plan(LOAD).limits]
    assert shares == sorted(shares, reverse=True)


def test_twice_as_many_presets_double_the_rate_of_stored_variants():
    def stored(presets):
        load = Workload(images=20_000, within=600, arriving=540, presets=presets, seconds_an_image=0.3)
        [limit] = [limit for limit in plan(load, 20).limits if limit.name == "S3, storing variants"]
        return limit.needed

    assert stored(6) == pytest.approx(2 * stored(3))


def test_settling_writes_to_an_index_twice_if_its_key_has_the_status():
    used = usage(LOAD)
    assert used.index_writes_announcing == len(INDEXES) == 5
    assert used.index_writes_settling == 6


def test_a_row_takes_as_many_write_units_as_reckoned(world):
    """DynamoDB counts names and values: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
    world.deliver(world.upload("0190a2f4-5c1e-7d3a-9f00-1234567890ab"))
    row = world.row("0190a2f4-5c1e-7d3a-9f00-1234567890ab")
    row |= {"FileName": "holiday/IMG_0001.jpg", "BatchID": "f" * 32, "Owner": "arn:aws:iam::1:role/uploader"}
    row["VersionId"], row["Placeholder"] = "v" * 32, "p" * 28
    per_variant = size(row["Variants"]["small"]) + len("small")
    row["Variants"] |= {"large": row["Variants"]["small"]}
    used = usage(LOAD)
    assert math.ceil(size(row) / 1024) == used.table_writes_settling == 2
    assert 100 < per_variant < 200


def size(value):
    if isinstance(value, dict):
        return sum(len(name) + size(each) + 1 for name, each in value.items())
    if isinstance(value, str):
        return len(value.encode())
    assert TypeSerializer().serialize(value), "every other value is one that DynamoDB takes"
    return 1 if isinstance(value, bool) else len(str(value)) // 2 + 1


def test_the_queue_saves_more_of_lambda_than_it_costs():
    prices = price_table().of("us-east-1")
    with_queue, direct = usage(LOAD).bill(prices), direct_usage(LOAD).bill(prices)
    assert direct["SQS"] == 0 < with_queue["SQS"]
    assert direct["Lambda"] - with_queue["Lambda"] > with_queue["SQS"]


def test_the_bill_of_a_plain_image_is_what_the_prices_say():
    bill = usage(LOAD).bill(price_table().of("us-east-1"))
    assert bill["S3 requests"] * 1000 == pytest.approx(4 * 0.005 + 0.0004)
    assert bill["DynamoDB"] * 1e6 == pytest.approx(14.01 * 0.625 + 0.125)
    assert bill["SQS"] * 1e6 == pytest.approx(1.2 * 0.40)


def test_the_command_prints_limits_and_bill(imagectl):
    ran = imagectl("--images", "20k", "--within", "10m", "--region", "us-east-1")
    assert ran.code == 0
    assert "what breaks first" in ran.out
    assert "List prices of us-east-1" in ran.out


def test_the_command_says_when_a_load_is_late(imagectl):
    ran = imagectl("--images", "20k", "--within", "10m", "--concurrency", "2")
    assert ran.code == 1
    assert "NOT within 10:00" in ran.out


def test_the_command_says_when_a_limit_is_exceeded(imagectl):
    ran = imagectl("--images", "10M", "--within", "12h", "--arriving", "30m")
    assert ran.code == 1
    assert "BREAKS" in ran.out


def test_programs_get_the_curve(imagectl):
    document = json.loads(imagectl("--images", "2000", "--within", "10m", "--json").out)
    assert document["curve"][-1]["done"] == 2000
    assert document["inTime"] is True
    assert document["uploadsPerHour"] == 2000
    assert document["uploadBytesPerHour"] == 2000 * 4_200_000
    assert set(document["dollars"]) >= {"Lambda", "DynamoDB", "S3 requests", "SQS"}


@pytest.mark.parametrize(
    "arguments",
    [("--images", "many"), ("--within", "soon"), ("--within", "0s"), ("--images", "0"), ("--format", "gif")],
)
def test_what_cannot_be_read_is_refused(imagectl, arguments):
    given = {"--images": "1k", "--within": "1h", **dict([arguments])}
    assert imagectl(*(each for pair in given.items() for each in pair)).code == 2


def test_a_region_without_prices_is_refused(imagectl):
    ran = imagectl("--images", "1k", "--within", "1h", "--region", "mars-1")
    assert ran.code == 3
    assert "us-east-1" in ran.err


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("90m", 5400), ("1h30m", 5400), ("1d", 86_400), ("1d1s", 86_401)]
)
def test_durations_are_written_as_people_do(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("20k", 20_000), ("1.5M", 1_500_000), ("1_000", 1000)]
)
def test_numbers_are_written_as_people_do(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(("amount", "text"), [(1234.5, "$1,234"), (12.345, "$12.35"), (0.0005, "$0.0005")])
def test_amounts_have_as_many_digits_as_say_something(amount, text):
    assert dollars(amount) == text


def test_the_last_express_image_waits_no_longer_than_the_bound_and_the_start_of_the_mapping():
    lane = express_lane(LOAD, callers=100, allowance=30, concurrency=10)
    assert lane.bound_seconds == pytest.approx(3_000 * lane.alone_seconds / 10)
    # The first minute has half of the concurrency, so it lags by half of what the lane does in a minute.
    assert lane.bound_seconds <= lane.run.seconds <= lane.bound_seconds + 35


def test_a_single_express_image_waits_for_nothing():
    lane = express_lane(LOAD, callers=1, allowance=1, concurrency=2)
    assert lane.run.peak_oldest_seconds == 0


def test_express_calls_count_against_the_concurrency_of_the_account():
    def needed(express):
        limits = plan(LOAD, 20, express=express).limits
        return next(limit.needed for limit in limits if limit.name == "Lambda, concurrency of the account")

    assert needed(7) == needed(0) + 7


def test_the_command_prints_the_wait_of_the_express_lane(imagectl):
    ran = imagectl("--images", "2000", "--within", "10m", "--express-callers", "3", "--json")
    express = json.loads(ran.out)["express"]
    assert (express["callers"], express["expressPerHour"], express["expressConcurrency"]) == (3, 30, 10)
    assert express["aloneSeconds"] < express["boundSeconds"] <= express["lastSeconds"]
    assert "3 callers send 30 each" in imagectl(
        "--images", "2000", "--within", "10m", "--express-callers", "3"
    ).out.replace("\n", " ")


def test_without_an_express_lane_the_command_says_so(imagectl):
    ran = imagectl("--images", "2000", "--within", "10m", "--express-per-hour", "0")
    assert "no express lane" in ran.out
