import pytest

from handlers import scanning
from handlers.rejections import MalwareFound, NotScannable
from handlers.scanning import ScanFailed, ScanOverdue


def is_clean(status, waited=1.0):
    return scanning.is_clean(status, waited=waited, patience=600)


def test_only_an_original_without_threats_is_clean():
    assert is_clean("NO_THREATS_FOUND")
    assert is_clean("NO_THREATS_FOUND", waited=100_000)


def test_an_original_without_a_result_is_waited_for_until_it_is_overdue():
    assert not is_clean(None)
    assert not is_clean(None, waited=600)
    with pytest.raises(ScanOverdue, match="601 s after the upload"):
        is_clean(None, waited=601)


@pytest.mark.parametrize(
    ("status", "reason"), [("THREATS_FOUND", MalwareFound), ("UNSUPPORTED", NotScannable)]
)
def test_what_another_scan_would_say_again_is_a_rejection(status, reason):
    with pytest.raises(reason):
        is_clean(status)


@pytest.mark.parametrize("status", ["ACCESS_DENIED", "FAILED", "SOMETHING_NEW", "no_threats_found", ""])
def test_any_other_result_is_retried_and_never_taken_for_clean(status):
    with pytest.raises(ScanFailed):
        is_clean(status)


@pytest.mark.parametrize(
    ("waited", "least", "most"), [(0, 2, 4), (3, 2, 4), (60, 30, 60), (10_000, 150, 300)]
)
def test_the_longer_an_original_has_waited_the_less_often_it_is_looked_at(waited, least, most):
    assert scanning.wait(waited, lambda: 0.0) == least
    assert scanning.wait(waited, lambda: 1.0) == most


def test_no_wait_is_longer_than_sqs_allows():
    assert scanning.wait(1e9, lambda: 1.0) == scanning.MAX_WAIT_SECONDS <= 900
