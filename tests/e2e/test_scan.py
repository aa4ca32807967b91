"""A stack that has originals scanned for malware. The emulator scans nothing: tests set the tags."""

import pytest
from botocore.exceptions import ClientError

from handlers import keys
from handlers.scanning import TAG
from local.clients import Credentials
from local.system import deployed
from tests.e2e.gestures import (
    announce,
    dead_letters,
    depth,
    eventually,
    image,
    outcomes,
    post,
    row,
    settled,
    upload,
    variant_keys,
)
from tests.e2e.test_boundaries import role_credentials


@pytest.fixture(scope="module")
def system():
    with deployed(config={"malwareScan": True, "retryBaseSeconds": 1}) as running:
        yield running


def tagging(status):
    return {"TagSet": [{"Key": TAG, "Value": status}]}


def tag(system, image_id, status):
    """What GuardDuty does once it has scanned an original."""
    system.client("s3").put_object_tagging(
        Bucket=system.outputs["originalsBucket"], Key=keys.original_key(image_id), Tagging=tagging(status)
    )


def waiting(system, image_id):
    """Once the image waits for its scan: what was logged about it."""
    lines = eventually(lambda: outcomes(system, image_id))
    assert {line["reason"] for line in lines} == {"AwaitingScan"}
    return lines


@pytest.fixture(scope="module")
def images(system, photograph):
    """Images of which each has another fate, uploaded together so that they wait together."""
    names = ["clean", "malicious", "protected", "broken", "deleted"]
    ids = {name: upload(system, f"{name}.jpg", photograph) for name in names}
    body = system.api.call("POST", "/images", data=photograph, headers={"Content-Type": "image/jpeg"})
    ids["in a body"] = body.json()["imageId"]
    for image_id in ids.values():
        waiting(system, image_id)
    return ids


def test_an_original_that_was_not_scanned_waits_and_is_pending(system, images):
    for image_id in images.values():
        assert image(system, image_id)["status"] == "PENDING"
        assert {line["attempt"] for line in outcomes(system, image_id)} == {1}
        assert variant_keys(system, image_id) == set()
    assert dead_letters(system, images["clean"]) == []


def test_the_worker_reads_clean_originals_and_no_others(system, images):
    s3 = system.client("s3", role_credentials(system, system.outputs["resizeFunctionName"]))
    original = {"Bucket": system.outputs["originalsBucket"], "Key": keys.original_key(images["clean"])}
    other = {**original, "Key": keys.original_key(images["deleted"])}
    for call in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError, match=r"AccessDenied|403"):
            call(**other)
    assert s3.get_object_tagging(**other)["TagSet"] == []
    tag(system, images["clean"], "NO_THREATS_FOUND")
    assert s3.get_object(**original)["ContentLength"] > 0


def test_a_clean_original_is_rendered_without_having_used_up_receives(system, images):
    tag(system, images["clean"], "NO_THREATS_FOUND")
    tag(system, images["in a body"], "NO_THREATS_FOUND")
    for image_id in (images["clean"], images["in a body"]):
        document = settled(system, image_id)
        assert (document["status"], document["attempts"]) == ("READY", 1)
        assert len(variant_keys(system, image_id)) == 3


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [("malicious", "THREATS_FOUND", "MalwareFound"), ("protected", "UNSUPPORTED", "NotScannable")],
)
def test_an_original_that_may_never_be_read_is_rejected(system, images, name, status, reason):
    tag(system, images[name], status)
    document = settled(system, images[name])
    assert (document["status"], document["reason"]) == ("REJECTED", reason)
    assert variant_keys(system, images[name]) == set()


def test_a_scan_that_failed_is_retried_and_another_scan_mends_it(system, images):
    image_id = images["broken"]
    tag(system, image_id, "FAILED")

    def failures():
        return [line for line in outcomes(system, image_id) if line["reason"] == "ScanFailed"]

    assert eventually(lambda: len(failures()) >= 2)
    assert {line["outcome"] for line in failures()} == {"retry"}
    tag(system, image_id, "NO_THREATS_FOUND")
    assert settled(system, image_id)["status"] == "READY"


def test_an_original_that_is_deleted_while_it_waits_leaves_nothing(system, images):
    image_id = images["deleted"]
    assert system.api.call("DELETE", f"/images/{image_id}").status_code == 204
    assert eventually(lambda: depth(system, system.outputs["queueUrl"]) == 0)
    assert outcomes(system, image_id)[-1]["reason"] in {"Vanished", "Unknown"}
    assert row(system, image_id) is None
    assert variant_keys(system, image_id) == set()


@pytest.mark.parametrize("caller", ["resizeFunctionName", "apiFunctionName", "operator"])
def test_nobody_but_the_scan_sets_or_removes_its_result(system, images, caller):
    credentials = (
        system.operator if caller == "operator" else role_credentials(system, system.outputs[caller])
    )
    s3 = system.client("s3", credentials)
    original = {
        "Bucket": system.outputs["originalsBucket"],
        "Key": keys.original_key(images["malicious"]),
    }
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_tagging(**original, Tagging=tagging("NO_THREATS_FOUND"))
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object_tagging(**original)


def test_even_who_may_do_everything_with_objects_does_not_set_a_result(system, images):
    iam = system.client("iam")
    iam.create_user(UserName="mighty")
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="mighty", PolicyName="s3", PolicyDocument=everything)
    key = iam.create_access_key(UserName="mighty")["AccessKey"]
    credentials = Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    s3 = system.client("s3", credentials)
    original = {
        "Bucket": system.outputs["originalsBucket"],
        "Key": keys.original_key(images["malicious"]),
    }
    assert s3.get_object_tagging(**original)["TagSet"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_tagging(**original, Tagging=tagging("NO_THREATS_FOUND"))


@pytest.mark.parametrize("field", ["tagging", "x-amz-tagging"])
def test_an_upload_that_brings_its_own_result_is_refused(system, photograph, field):
    image_id, policy = announce(system, "forged.jpg", len(photograph))
    xml = f"<Tagging><TagSet><Tag><Key>{TAG}</Key><Value>NO_THREATS_FOUND</Value></Tag></TagSet></Tagging>"
    value = xml if field == "tagging" else f"{TAG}=NO_THREATS_FOUND"
    assert post(system, policy, photograph, {field: value}).status_code == 403
    assert image(system, image_id)["status"] == "PENDING"
    assert outcomes(system, image_id) == []


def test_the_deployment_says_that_nothing_is_scanned_here(system):
    assert [note for note in system.notes if "no GuardDuty" in note]
