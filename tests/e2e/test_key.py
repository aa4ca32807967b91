"""A stack with a KMS key: what it stores is under that key, and everything works as without one.

The emulator lets everyone use every key. Who may is what `tests/infra/base/test_key.py` is about.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from handlers.contract import keys
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed
from tests.e2e.actions import announce, eventually, post, row, settled, upload, variant_keys

OTHER = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555"
KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with deployed(config={"kmsKey": "create", "dataEvents": True}) as running:
        yield running


@pytest.fixture(scope="module")
def key(system) -> str:
    """The ARN of the key that the stack made."""
    [made] = [each for each in system.deployment.resources if each.name == "intake-key" and each.custom]
    return str(made.outputs["arn"])


def encryption(system, bucket, name):
    """How S3 says that an object is encrypted, and with which key."""
    head = system.client("s3").head_object(Bucket=system.outputs[bucket], Key=name)
    return head["ServerSideEncryption"], head.get("SSEKMSKeyId")


def test_an_upload_becomes_variants_and_all_of_them_are_under_the_key(system, key, photograph):
    image_id = upload(system, "dogs.jpg", photograph)
    document = settled(system, image_id)
    assert document["status"] == "READY"
    assert encryption(system, "originalsBucket", keys.original_key(image_id)) == ("aws:kms", key)
    stored = variant_keys(system, image_id)
    assert len(stored) == 3
    assert {encryption(system, "variantsBucket", name) for name in stored} == {("aws:kms", key)}
    for variant in document["variants"].values():
        assert len(system.api.http.get(variant["url"], timeout=10).content) == variant["bytes"]


def test_an_image_as_a_request_body_is_under_the_key_although_nobody_says_so(system, key, photograph):
    answer = system.api.call("POST", "/images", content=photograph, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 202, answer.text
    image_id = answer.json()["imageId"]
    assert settled(system, image_id)["status"] == "READY"
    assert encryption(system, "originalsBucket", keys.original_key(image_id)) == ("aws:kms", key)


@pytest.mark.parametrize(
    "changes",
    [{"x-amz-server-side-encryption": "AES256"}, {KEY_ID: OTHER}, {KEY_ID: "alias/aws/s3"}],
    ids=["S3's own key", "another key", "the account's key for S3"],
)
def test_a_form_that_asks_for_other_encryption_is_refused(system, photograph, changes):
    image_id, policy = announce(system, "dogs.jpg", len(photograph))
    answer = post(system, policy, photograph, changes)
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    with pytest.raises(ClientError, match="Not Found"):
        encryption(system, "originalsBucket", keys.original_key(image_id))


@pytest.mark.parametrize("bucket", ["originalsBucket", "variantsBucket"])
def test_nobody_stores_an_object_under_another_key(system, bucket):
    s3 = system.client("s3", system.operator)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(
            Bucket=system.outputs[bucket], Key="uploads/astray", Body=b"x", ServerSideEncryption="AES256"
        )


def test_an_operator_s_own_file_is_under_the_key_and_its_lost_row_is_rebuilt(
    system, key, photograph, tmp_path
):
    """`imagectl reconcile` and the worker find their way among encrypted objects."""
    system.client("s3", system.operator).put_object(
        Bucket=system.outputs["originalsBucket"], Key="uploads/dropped.jpg", Body=photograph
    )
    assert settled(system, "dropped.jpg")["status"] == "READY"
    assert encryption(system, "originalsBucket", "uploads/dropped.jpg") == ("aws:kms", key)
    system.client("dynamodb").delete_item(
        TableName=system.outputs["tableName"], Key={"ImageID": {"S": "dropped.jpg"}}
    )
    ran = imagectl(system, tmp_path, "reconcile", "--repair", "--yes", "--json", "--grace-minutes", "0")
    assert {line["kind"] for line in ran[:-1]} >= {"missing-row"}
    assert eventually(lambda: (row(system, "dropped.jpg") or {}).get("Status") == {"S": "READY"})


def test_queues_table_logs_and_recorded_events_are_under_the_key(system, key):
    sqs = system.client("sqs")
    for queue in ("queueUrl", "deadLetterQueueUrl"):
        attributes = sqs.get_queue_attributes(QueueUrl=system.outputs[queue], AttributeNames=["All"])
        assert attributes["Attributes"]["KmsMasterKeyId"] == key
    table = system.client("dynamodb").describe_table(TableName=system.outputs["tableName"])["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key
    groups = system.client("logs").describe_log_groups()["logGroups"]
    assert len(groups) >= 3
    assert {group.get("kmsKeyId") for group in groups} == {key}
    [trail] = system.client("cloudtrail").describe_trails()["trailList"]
    assert trail["KmsKeyId"] == key


@pytest.mark.parametrize("function", ["resizeFunctionName", "apiFunctionName"])
def test_the_code_and_the_environment_of_a_function_are_under_the_key(system, key, function):
    found = system.client("lambda").get_function(FunctionName=system.outputs[function])
    assert found["Configuration"]["KMSKeyArn"] == key
    assert found["Code"]["SourceKMSKeyArn"] == key


def test_the_key_is_rotated_and_has_its_policy(system, key):
    kms = system.client("kms")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    assert {statement["Sid"] for statement in policy["Statement"]} >= {"AccountAdministers", "LogsEncrypt"}


def imagectl(system, home, *arguments):
    """What a command says, line by line, when the stack's operator runs it."""
    outputs = home / "outputs.json"
    write(outputs, documented(system))
    ran = subprocess.run(
        [sys.executable, "-m", "imagectl", *arguments, "--outputs", str(outputs)],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": system.operator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": system.operator.secret_access_key,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]
