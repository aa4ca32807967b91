import socket
import subprocess
import sys
from pathlib import Path
from time import sleep

import cbor2
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.aws_clients import Clients
from local.emulator import EmulatorError, emulator

KEEPER = """
import time
from local.emulator import emulator
with emulator(region="eu-central-1") as running:
    print(running.endpoint, running.log.parent, flush=True)
    time.sleep(60)
"""


def listens(endpoint):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(endpoint.rpartition(":")[2]))) == 0


def test_the_emulator_ends_with_the_block_and_leaves_nothing_behind():
    with emulator(region="eu-central-1") as running:
        clients = Clients(endpoint=running.endpoint, region=running.region)
        assert clients.client("sts").get_caller_identity()["Account"] == "000000000000"
        directory = running.log.parent
        assert directory.exists()
    assert not listens(running.endpoint)
    assert not directory.exists()


def test_the_emulator_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", KEEPER], stdout=subprocess.PIPE, text=True) as parent:
        endpoint, directory = parent.stdout.readline().split()
        assert listens(endpoint)
        parent.kill()
    for _ in range(500):
        if not listens(endpoint) and not Path(directory).exists():
            return
        sleep(0.02)
    pytest.fail("the emulator is still there")


def test_a_port_that_is_taken_is_refused_by_its_number():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"port {port} is taken"), emulator(region="x", port=port):
            pass


def test_cloudwatch_answers_in_cbor_as_the_sdk_for_go_asks_it():
    region = "eu-central-1"
    with emulator(region=region) as running:
        request = AWSRequest(
            "POST",
            f"{running.endpoint}/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
            headers={"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"},
            data=cbor2.dumps({"AlarmNames": ["none"]}),
        )
        SigV4Auth(Credentials("test", "test"), "monitoring", region).add_auth(request)
        answer = httpx.post(request.url, headers=dict(request.headers), content=request.body)
    assert answer.headers["content-type"] == "application/cbor"
    assert cbor2.loads(answer.content)["MetricAlarms"] == []
