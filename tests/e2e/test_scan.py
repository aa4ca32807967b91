"""A stack that has originals scanned for malware. The emulator scans nothing: tests set the tags."""

import pytest
from botocore.exceptions import ClientError

from handlers.contract import keys
from handlers.contract.malware_scan import TAG
from local.aws_clients import Credentials
from local.system import deployed
from tests.e2e.actions import (
    announce,
    dead_letters,
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


FATES = {
    "clean": "NO_THREATS_FOUND",
    "in a body": "NO_THREATS_FOUND",
    "malicious": "THREATS_FOUND",
    "protected": "UNSUPPORTED",
    "broken": "FAILED",
}


@pytest.fixture(scope="module")
def images(system, photograph):
    """Images that have waited for their scan, and then had each its fate: all but one, which waits on."""
    names = [name for name in (*FATES, "deleted", "untouched") if name != "in a body"]
    ids = {name: upload(system, f"{name}.jpg", photograph) for name in names}
    body = system.api.call("POST", "/images", content=photograph, headers={"Content-Type": "image/jpeg"})
    ids["in a body"] = body.json()["imageId"]
    for image_id in ids.values():
        waits(system, image_id)
    # At once: the longer they wait, the later they are looked at.
    for name, status in FATES.items():
        tag(system, ids[name], status)
    assert system.api.call("DELETE", f"/images/{ids['deleted']}").status_code == 204
    return ids


def waits(system, image_id):
    """Whether an image is PENDING until it was scanned, and neither read nor counted as failing."""
    lines = eventually(lambda: outcomes(system, image_id))
    assert {(line["outcome"], line["reason"], line["attempt"]) for line in lines} == {
        ("resent", "AwaitingScan", 1)
    }
    assert image(system, image_id)["status"] == "PENDING"
    assert variant_keys(system, image_id) == set()


def test_an_original_that_is_not_scanned_goes_on_waiting_without_using_up_receives(system, images):
    assert eventually(lambda: len(outcomes(system, images["untouched"])) >= 2)
    waits(system, images["untouched"])
    assert dead_letters(system, images["untouched"]) == []


def test_the_worker_reads_clean_originals_and_no_others(system, images):
    s3 = system.client("s3", role_credentials(system, system.outputs["resizeFunctionName"]))
    original = {"Bucket": system.outputs["originalsBucket"], "Key": keys.original_key(images["clean"])}
    other = {**original, "Key": keys.original_key(images["untouched"])}
    for call in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError, match=r"AccessDenied|403"):
            call(**other)
    assert s3.get_object_tagging(**other)["TagSet"] == []
    assert s3.get_object(**original)["ContentLength"] > 0


def test_a_clean_original_is_rendered_without_having_used_up_receives(system, images):
    for image_id in (images["clean"], images["in a body"]):
        document = settled(system, image_id)
        assert (document["status"], document["attempts"]) == ("READY", 1)
        assert len(variant_keys(system, image_id)) == 3


@pytest.mark.parametrize(("name", "reason"), [("malicious", "MalwareFound"), ("protected", "NotScannable")])
def test_an_original_that_may_never_be_read_is_rejected(system, images, name, reason):
    document = settled(system, images[name])
    assert (document["status"], document["reason"]) == ("REJECTED", reason)
    assert variant_keys(system, images[name]) == set()


def test_a_scan_that_failed_is_retried_and_another_scan_mends_it(system, images):
    image_id = images["broken"]

    def failures():
        return [line for line in outcomes(system, image_id) if line["reason"] == "ScanFailed"]

    assert eventually(lambda: len(failures()) >= 2)
    assert {line["outcome"] for line in failures()} == {"retry"}
    tag(system, image_id, "NO_THREATS_FOUND")
    assert settled(system, image_id)["status"] == "READY"


def test_an_original_that_is_deleted_while_it_waits_leaves_nothing(system, images):
    image_id = images["deleted"]
    assert eventually(lambda: outcomes(system, image_id)[-1]["reason"] == "Stale")
    assert row(system, image_id)["Status"] == {"S": "DELETED"}
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
