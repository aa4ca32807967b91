"""The deployed archives on the processor and the Python that they are built for."""

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from components.bundle import LAYERS, ROOT, layer_archive
from handlers.contract.keys import original_key
from local.system import System, deployed
from tests.arm64.runtime_api import runtime_api
from tests.arm64.userland import PACKAGES, libraries, missing, userland
from tests.e2e.actions import row, settled, upload, variant_keys
from tests.e2e.event_subscriber import Subscriber
from tests.unit.event_schema import complaints
from tests.unit.rendering.originals import LIMITS
from tests.unit.rendering.test_recipe import DIGESTS, LINES, ORIGINALS

FUNCTIONS = ("resize", "api", "publish")
# https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
AMAZON_LINUX_GLIBC = (2, 34)


@pytest.fixture(scope="session")
def arm64():
    lacking = missing()
    if lacking:
        message = f"apt-get install {PACKAGES}: {', '.join(lacking)} not found"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return userland()


@pytest.fixture(scope="session")
def system():
    # Emulation takes its time, in which a record must not count as stalled.
    with deployed(config={"recordSeconds": 100, "batchSize": 1}) as running:
        yield running


@contextmanager
def running(arm64, system: System, function: str):
    """A function under AWS's runtime client, with its deployed environment and the root user's key."""
    name = system.outputs[f"{function}FunctionName"]
    configured = system.client("lambda").get_function_configuration(FunctionName=name)
    key = system.root
    with runtime_api() as api:
        environment = {
            **configured["Environment"]["Variables"],
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configured["MemorySize"]),
            "AWS_LAMBDA_LOG_GROUP_NAME": "log",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_REGION": system.region,
            "AWS_DEFAULT_REGION": system.region,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_ENDPOINT_URL": system.endpoint,
            "NO_PROXY": "127.0.0.1",
        }
        handler = f"handlers.{function}.entry_point.handler"
        process = arm64.start(["-m", "awslambdaric", handler], arm64.paths(function), environment)
        try:
            yield api
        finally:
            process.kill()
            output, _ = process.communicate()
            sys.stderr.write(output[-4000:])  # shown by pytest where the test fails


@pytest.fixture(scope="session")
def rendered(system):
    """An image that the service rendered on this machine: its id, its row, its variants by key."""
    photograph = (ROOT / "local" / "samples" / "dogs.jpg").read_bytes()
    image_id = upload(system, "dogs.jpg", photograph)
    settled(system, image_id)
    keys = variant_keys(system, image_id)
    assert len(keys) == 3
    return image_id, row(system, image_id), {key: variant(system, key) for key in keys}


def variant(system, key):
    return system.client("s3").get_object(Bucket=system.outputs["variantsBucket"], Key=key)["Body"].read()


def test_the_resize_function_renders_the_same_bytes_in_its_own_render_process(arm64, system, rendered):
    image_id, item, before = rendered
    key = original_key(image_id)
    for name in before:
        system.client("s3").delete_object(Bucket=system.outputs["variantsBucket"], Key=name)
    system.client("dynamodb").delete_item(
        TableName=system.outputs["tableName"], Key={"ImageID": item["ImageID"]}
    )
    described = {
        "key": key,
        "size": int(item["Bytes"]["N"]),
        "eTag": item["ETag"]["S"],
        "versionId": item["VersionId"]["S"],
        "sequencer": item["Sequencer"]["S"],
    }
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": item["UploadedAt"]["S"],
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": system.outputs["originalsBucket"]}, "object": described},
    }
    message = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": json.dumps({"Records": [record]}),
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:uploads",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    with running(arm64, system, "resize") as api:
        assert api.invoke({"Records": [message]}) == {"batchItemFailures": []}
    again = row(system, image_id)
    assert again["Status"]["S"] == "READY"
    assert {key: variant(system, key) for key in variant_keys(system, image_id)} == before


def test_the_api_function_answers(arm64, system, rendered):
    image_id, _, _ = rendered
    event = {
        "version": "2.0",
        "routeKey": "GET /images/{imageId+}",
        "headers": {},
        "pathParameters": {"imageId": image_id},
        "requestContext": {"authorizer": {"iam": {"userArn": operator(system)}}},
        "isBase64Encoded": False,
    }
    with running(arm64, system, "api") as api:
        answer = api.invoke(event)
    assert answer["statusCode"] == 200, answer
    document = json.loads(answer["body"])
    assert (document["imageId"], document["status"]) == (image_id, "READY")
    assert set(document["variants"]) == {"thumbnail", "small", "large"}


def operator(system):
    return json.loads(
        system.client("lambda").get_function_configuration(FunctionName=system.outputs["apiFunctionName"])[
            "Environment"
        ]["Variables"]["ADMIN_PRINCIPALS"]
    )[0]


def test_the_publish_function_puts_an_event(arm64, system, rendered):
    _, item, _ = rendered
    subscriber = Subscriber(system)
    row_of_another = {**item, "ImageID": {"S": "published-on-arm64"}}
    record = {
        "eventID": "1",
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": "1", "NewImage": row_of_another},
    }
    with running(arm64, system, "publish") as api:
        assert api.invoke({"Records": [record]}) == {"batchItemFailures": []}
    [event] = subscriber.told("published-on-arm64")
    assert event["detail-type"] == "Image Ready"
    assert complaints(event) == []


def test_the_sandbox_goes_on_without_the_filter_that_emulation_cannot_install(arm64):
    # QEMU offers no seccomp: these tests render without the filter. The unit tests try it, on a real kernel.
    # If this fails, QEMU offers it, and tests/unit/rendering/sandbox/takeover.py can attack it here too.
    code = "from handlers.rendering.sandbox import system_call_filter; print(system_call_filter.forbid())"
    process = arm64.start(["-c", code], arm64.paths("resize"), {})
    output, _ = process.communicate(timeout=60)
    assert output == "False\n"


def test_every_input_format_gives_the_recorded_bytes(arm64, tmp_path):
    for name, data in ORIGINALS.items():
        (tmp_path / name).write_bytes(data)
    script = Path(__file__).with_name("render_digests.py")
    arguments = [str(script), str(tmp_path), json.dumps(asdict(LIMITS)), *LINES]
    process = arm64.start(arguments, arm64.paths("resize"), {})
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    digests = json.loads(output.splitlines()[-1])
    assert digests == json.loads(DIGESTS.read_text("utf-8"))["digests"]


@pytest.mark.parametrize("layer", sorted({layer for layers in LAYERS.values() for layer in layers}))
def test_nothing_needs_a_newer_glibc_than_lambda_has(layer):
    needed = {}
    for name, data in libraries(layer_archive(layer)).items():
        assert data[:4] == b"\x7fELF"
        assert data[18:20] == b"\xb7\x00", f"{name} is not for aarch64"
        versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", data)
        needed[name] = max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))
    assert needed or layer == "delivery", "of these, only this one has no library"
    too_new = {name for name, version in needed.items() if version > AMAZON_LINUX_GLIBC}
    assert not too_new
