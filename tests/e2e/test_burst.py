"""A spike of 200 uploads with everything going wrong, accounted for to the last object and event."""

from bench.burst.burst import CONFIG, burst
from bench.burst.spike import plan
from local.system import deployed


def test_a_spike_with_faults_and_killed_workers_loses_doubles_orphans_and_leaves_nothing():
    with deployed(config=CONFIG) as system:
        result = burst(system, plan(200, seed=5), seed=5, rate=0.1, kills=5)
    assert result.account.balances, result.account
    assert result.unannounced == ()
    assert result.events > 150
    assert result.kills.total() > 0
    assert result.faults.total() > 0
    assert result.duplicates > 0
