import json
import os
import subprocess
import sys

import pytest

from local.process_lock import AlreadyRunning, stop, taken

HOLDER = """
import sys, time
from pathlib import Path
from local.process_lock import taken
with taken(Path(sys.argv[1])) as lock:
    lock.write(endpointUrl="http://127.0.0.1:1")
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".local" / "up.lock"


@pytest.fixture
def holder(path):
    """Another process that holds the place."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_about_the_first(path, holder):
    with pytest.raises(AlreadyRunning) as error, taken(path):
        pass
    assert error.value.facts == {"pid": holder.pid, "endpointUrl": "http://127.0.0.1:1"}


def test_stop_ends_the_process_and_waits_for_it(path, holder):
    assert stop(path) == {"pid": holder.pid, "endpointUrl": "http://127.0.0.1:1"}
    assert holder.wait(5) != 0
    with taken(path):
        pass


def test_a_killed_process_leaves_the_place_free_whatever_the_file_says(path, holder):
    holder.kill()
    holder.wait()
    assert json.loads(path.read_text())["pid"] == holder.pid
    assert stop(path) is None
    with taken(path):
        assert json.loads(path.read_text()) == {"pid": os.getpid()}


def test_a_process_whose_id_an_old_file_names_is_not_ended(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"pid": os.getpid()}))
    assert stop(path) is None


def test_nothing_is_stopped_where_nothing_ever_ran(path):
    assert stop(path) is None
    assert not path.exists()
