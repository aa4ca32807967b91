import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagectl.planning.simulation import Mapping, Simulation


def run(images, *, arriving=1.0, batch=10, window=0.0, concurrency=2, each=1.0, ramps=False, cold=0.0):
    mapping = Mapping(batch_size=batch, window_seconds=window, max_concurrency=concurrency, ramps=ramps)
    return Simulation(
        mapping,
        images=images,
        arriving=arriving,
        call_seconds=lambda count: count * each,
        cold_start_seconds=cold,
    ).run()


def test_a_spike_takes_as_long_as_its_work_divided_among_the_calls():
    found = run(200)
    assert found.seconds == pytest.approx(100)
    assert found.calls == 20
    assert found.busy_seconds == pytest.approx(200)
    assert found.peak_busy == 2
    assert found.peak_waiting == 200 - 2 * 10


def test_the_oldest_message_waits_for_all_calls_before_its_own():
    # The last of ten rounds begins after nine of ten seconds each.
    assert run(200).peak_oldest_seconds == pytest.approx(90)


def test_a_load_that_is_slower_than_the_function_never_waits_for_more_than_its_window():
    found = run(1000, arriving=1000.0, concurrency=10, window=5.0)
    assert found.peak_oldest_seconds <= 5
    assert found.seconds <= 1000 + 5 + 10


def test_a_batch_that_is_not_full_waits_for_its_window():
    assert run(1, window=3.0).seconds == pytest.approx(3 + 1)
    assert run(10, window=3.0).seconds == pytest.approx(10)


def test_the_mapping_begins_with_five_and_gets_300_more_every_minute():
    mapping = Mapping(batch_size=10, window_seconds=0, max_concurrency=700)
    assert [mapping.concurrency(at) for at in (0, 59, 60, 119, 120, 180, 9000)] == [
        5,
        5,
        305,
        305,
        605,
        700,
        700,
    ]


def test_the_ramp_delays_a_spike():
    fast, slow = run(10_000, concurrency=100), run(10_000, concurrency=100, ramps=True)
    assert fast.seconds == pytest.approx(100)
    # In the first minute five calls at a time do 6 x 5 x 10 images; the rest takes 100 calls.
    assert slow.seconds == pytest.approx(60 + (10_000 - 300) / 100, abs=10)
    assert slow.peak_busy == 100


def test_the_first_call_of_each_environment_is_slower():
    assert run(200, cold=3.0).seconds == pytest.approx(103)


@given(
    images=st.integers(1, 3000),
    arriving=st.floats(0.5, 500),
    batch=st.integers(1, 50),
    window=st.floats(0, 10),
    concurrency=st.integers(2, 50),
)
def test_every_image_is_done_once_and_no_bound_is_broken(images, arriving, batch, window, concurrency):
    found = run(images, arriving=arriving, batch=batch, window=window, concurrency=concurrency, each=0.3)
    assert found.samples[-1].done == images
    assert found.samples[-1].waiting == found.samples[-1].busy == 0
    assert found.peak_busy <= concurrency
    assert found.peak_waiting <= images
    assert images <= found.calls * batch
    assert found.busy_seconds == pytest.approx(images * 0.3)
    assert found.seconds > images * 0.3 / concurrency - 1e-6
    times = [sample.seconds for sample in found.samples]
    assert times == sorted(times)
