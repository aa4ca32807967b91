"""Resources of the version before are found again by this one, and none that holds data is replaced."""

import re
import subprocess

import pytest

from local.mock_cloud import FakeCloud
from local.program import project_file, run_program
from tests.infra.registered import ROOT
from tests.version_before.program import extract, run_version_before

# Of the resources that hold data or have an address that others know: the inputs of which another value is
# another resource. https://www.pulumi.com/registry/packages/aws/api-docs/ says so per input.
IDENTITY = {
    "aws:apigatewayv2/api:Api": {"protocolType"},
    "aws:cloudtrail/trail:Trail": {"name"},
    "aws:cloudwatch/eventBus:EventBus": {"eventSourceName", "name"},
    "aws:cloudwatch/logGroup:LogGroup": {"logGroupClass", "name", "namePrefix"},
    "aws:dynamodb/table:Table": {"hashKey", "localSecondaryIndexes", "name", "rangeKey"},
    "aws:kms/key:Key": {"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion"},
    "aws:s3/bucket:Bucket": {"bucket", "bucketNamespace", "bucketPrefix", "objectLockEnabled"},
    "aws:sns/topic:Topic": {"fifoTopic", "name", "namePrefix"},
    "aws:sqs/queue:Queue": {"fifoQueue", "name", "namePrefix"},
}
EVERYTHING = {
    "accessLogs": "true",
    "alarmEmails": '["alarms@example.com"]',
    "dataEvents": "true",
    "kmsKey": "create",
    "malwareScan": "true",
}
STACKS = [("dev", {}), ("prod", EVERYTHING)]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return extract(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module", params=STACKS, ids=["dev", "everything"])
def versions(root, request):
    """The resources of the version before, and of this one."""
    stack, settings = request.param
    config = {f"image-intake:{key}": value for key, value in settings.items()}
    before = run_version_before(root, stack, FakeCloud(), config)
    return before.resources, run_program(ROOT, stack, FakeCloud(), config).resources


def found(resources):
    """Resources by all URNs under which the engine looks for them."""
    return {urn: each for each in resources for urn in (each.urn, *each.aliases)}


def test_every_resource_of_the_version_before_that_this_one_has_is_the_same_to_the_engine(versions):
    before, now = versions
    known, kept = found(now), {(each.type, each.name) for each in now if each.custom}
    assert kept
    lost = [each.urn for each in before if (each.type, each.name) in kept and each.urn not in known]
    assert lost == []
    assert [each.urn for each in before if not each.custom and each.urn not in known] == []


def test_no_resource_that_holds_data_is_gone(versions):
    before, now = versions
    known = found(now)
    assert {each.type for each in before} & set(IDENTITY)
    assert [each.urn for each in before if each.type in IDENTITY and each.urn not in known] == []


def test_no_resource_that_holds_data_is_replaced(versions):
    before, now = versions
    known = found(now)
    replaced = [
        f"{each.name}: {key} was {each.inputs.get(key)!r} and is {today.inputs.get(key)!r}"
        for each in before
        for key in sorted(IDENTITY.get(each.type, ()))
        if (today := known[each.urn]).inputs.get(key) != each.inputs.get(key)
        and key not in today.ignore_changes
    ]
    assert replaced == []


def test_what_was_protected_still_is(versions):
    before, now = versions
    known = found(now)
    for each in before:
        if each.type in IDENTITY:
            today = known[each.urn]
            assert (today.protect, today.retain_on_delete) == (each.protect, each.retain_on_delete), each.name


def test_the_documented_edit_of_the_state_leads_an_older_version_to_its_resources(versions):
    before, now = versions
    text = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    [edit] = re.findall(r"(sed -E '.*') before\.json > after\.json", text)
    state = "\n".join(each.urn for each in now)
    edited = subprocess.run(edit, shell=True, input=state, capture_output=True, text=True, check=True).stdout
    assert {each.urn for each in before if (each.type in IDENTITY)} <= set(edited.splitlines())
    assert {each.urn for each in before if not each.custom} <= set(edited.splitlines())


def test_every_configuration_key_of_the_version_before_is_one_of_this_version(root):
    assert set(project_file(root)["config"]) <= set(project_file(ROOT)["config"])
