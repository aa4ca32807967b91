from pathlib import Path

import pytest

from bench.mutants.faults import FAULTS

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_the_line_that_a_deliberate_fault_breaks_is_there_once(fault):
    assert (PROJECT / fault.module).read_text("utf-8").count(fault.line) == 1
