import json

import pulumi
import pytest

from components.base.key import key_policy
from local.mock_cloud import FakeCloud
from local.program import run_program
from tests.infra.base.key_inputs import keys_in, takes_key, without_key
from tests.infra.policies.broken_programs import violations
from tests.infra.registered import ROOT, PreviewedCloud, Registered

FOREIGN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
MADE = "arn:aws:kms:eu-central-1:123456789012:key/intake-key-0a1b2c3"

# Why a resource that could take the key has none, or has it elsewhere, by type or name.
ELSEWHERE = {
    "aws:s3/bucket:Bucket": "its BucketServerSideEncryptionConfiguration says it",
    "aws:sns/topic:Topic": "a key of its own: alarms are to ring when the other cannot be used",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    "intake-audit-logs-encryption": "S3 delivers access logs under its own key only",
    "intake-events-dlq": "it takes events that cannot be encrypted when the key is disabled",
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    "intake-publish-from-table": "its filter is no secret, and Lambda would need the key to apply it",
}


def evaluated(stack, setting, cloud=FakeCloud, **options):
    """A stack with everything that a setting can add."""
    everything = {"kmsKey": setting, "accessLogs": "true", "dataEvents": "true"}
    overrides = {f"image-intake:{key}": value for key, value in everything.items()}
    return Registered(run_program(ROOT, stack, cloud(), overrides, **options))


@pytest.fixture(scope="module")
def made():
    return evaluated("prod", "create")


@pytest.fixture(scope="module")
def foreign():
    return evaluated("dev", FOREIGN)


@pytest.fixture(params=["made", "foreign"])
def keyed(request):
    """A stack with a key, and the key's ARN."""
    arn = MADE if request.param == "made" else FOREIGN
    return request.getfixturevalue(request.param), arn


def could_be_keyed(resource):
    """Whether a resource takes a key, and there is no reason why it should not have it."""
    known = {resource.type, resource.name} & set(ELSEWHERE)
    return resource.type.startswith("aws:") and takes_key(resource.type) and not known


def keyless(resource, key):
    """What is wrong with a resource that could be encrypted with the key; empty if nothing is."""
    if resource.type == "aws:lambda/eventSourceMapping:EventSourceMapping":
        return []  # its key would encrypt filter criteria, and the queue's has none
    missing = without_key(resource.type, resource.inputs, key)
    return missing or ([] if keys_in(resource.inputs) else ["all of them"])


def test_whatever_can_be_encrypted_with_the_key_is(keyed):
    stack, key = keyed
    able = [resource for resource in stack.deployment.resources if could_be_keyed(resource)]
    assert {resource.name: keyless(resource, key) for resource in able if keyless(resource, key)} == {}
    assert {resource.type.rpartition(":")[2] for resource in able} >= {
        *("BucketServerSideEncryptionConfiguration", "EventBus", "EventSourceMapping", "Function"),
        *("LogGroup", "Queue", "Table", "Trail"),
    }


def test_a_resource_that_was_forgotten_would_be_found(dev):
    found = {
        resource.name: keyless(resource, MADE)
        for resource in dev.deployment.resources
        if could_be_keyed(resource)
    }
    assert found["intake-uploads"] == ["kmsMasterKeyId"]
    assert found["intake-resize"] == ["kmsKeyArn", "sourceKmsKeyArn"]
    assert found["intake-resize-log"] == ["kmsKeyId"]
    assert found["intake-ImageMetadata"] == ["serverSideEncryption.kmsKeyArn"]
    assert found["intake-originals-encryption"] == ["rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"]


def test_without_the_setting_nothing_knows_of_a_key(stack):
    assert [key.name for key in stack.all(":Key")] == ["intake-alarms-key"]
    assert stack.all(":KeyPolicy") == []
    for resource in stack.deployment.resources:
        if could_be_keyed(resource):
            assert keys_in(resource.inputs) == []


def test_a_key_of_yours_is_used_and_none_is_made(foreign):
    assert [key.name for key in foreign.all(":Key")] == ["intake-alarms-key"]
    assert foreign.all(":KeyPolicy") == []


def test_the_key_that_is_made_is_rotated_and_named_after_the_pipeline(made):
    key = made.one(":Key", "intake-key")
    assert key.inputs["enableKeyRotation"] is True
    assert "policy" not in key.inputs
    assert key.inputs["description"].startswith("Encrypts what image-intake-")


def test_production_keeps_the_key_and_its_policy_whatever_happens_to_the_stack(made):
    for resource in (made.one(":Key", "intake-key"), made.one(":KeyPolicy")):
        assert resource.protect
        assert resource.retain_on_delete


def test_nothing_is_encrypted_before_the_services_may_use_the_key(made):
    policy = made.one(":KeyPolicy", "intake-key-policy")
    for name in ("intake-resize-log", "intake-api-access-log", "intake-uploads", "intake-ImageMetadata"):
        (resource,) = [found for found in made.deployment.resources if found.custom and found.name == name]
        assert policy.urn in resource.dependencies


def test_the_key_has_the_policy_that_is_documented(made):
    policy = made.one(":KeyPolicy").inputs
    assert policy["keyId"] == "intake-key-id"
    assert policy["policy"] == key_policy(MADE)


def test_the_account_administers_the_key_and_services_use_it_for_this_account_only():
    administers, tells, looks, buses, logs, unpacks, records = json.loads(key_policy(FOREIGN))["Statement"]
    assert administers["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert administers["Action"] == "kms:*"
    assert tells == {
        "Sid": "BucketsNotifyQueues",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    assert (looks["Principal"], looks["Action"]) == (buses["Principal"], "kms:DescribeKey")
    assert buses["Principal"] == {"Service": "events.amazonaws.com"}
    assert buses["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert logs["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert logs["Condition"] == {
        "StringLike": {
            "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:123456789012:log-group:*"
        }
    }
    assert unpacks["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert unpacks["Condition"] == {
        "StringLike": {
            "kms:EncryptionContext:aws:lambda:FunctionArn": (
                "arn:aws:lambda:eu-central-1:123456789012:function:*"
            )
        }
    }
    assert records["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    assert records["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:eu-central-1:123456789012:trail/*"}
    }


USES = {
    "resize": {
        ("s3", "kms:Decrypt"),
        ("s3", "kms:GenerateDataKey"),
        ("dynamodb", "kms:Decrypt"),
        ("sqs", "kms:Decrypt"),
        ("lambda", "kms:Decrypt"),
    },
    "api": {
        ("s3", "kms:Decrypt"),
        ("s3", "kms:GenerateDataKey"),
        ("dynamodb", "kms:Decrypt"),
        ("lambda", "kms:Decrypt"),
    },
    "publish": {
        ("dynamodb", "kms:Decrypt"),
        ("lambda", "kms:Decrypt"),
    },
}


@pytest.mark.parametrize("function", USES)
def test_a_role_uses_the_key_through_the_services_it_calls_and_in_no_other_way(keyed, function):
    stack, key = keyed
    used = []
    for statement in stack.statements(":RolePolicy", f"intake-{function}-permissions"):
        actions = [action for action in statement["Action"] if action.startswith("kms:")]
        if not actions:
            assert "Condition" not in statement
            continue
        assert actions == statement["Action"]
        assert statement["Resource"] == [key]
        (via,) = statement["Condition"].pop("StringEquals").items()
        assert not statement["Condition"]
        assert via[0] == "kms:ViaService"
        service, region = via[1].removesuffix(".amazonaws.com").split(".")
        assert region == "eu-central-1"
        used += [(service, action) for action in actions]
    assert sorted(used) == sorted(USES[function])


def test_what_a_role_may_do_besides_is_the_same_with_and_without_a_key(foreign, dev):
    for function in USES:
        name = f"intake-{function}-permissions"
        with_key = [
            statement
            for statement in foreign.statements(":RolePolicy", name)
            if not statement["Action"][0].startswith("kms:")
        ]
        assert with_key == dev.statements(":RolePolicy", name)


@pytest.mark.parametrize("name", ["intake-originals", "intake-variants"])
def test_a_bucket_encrypts_with_the_key_and_asks_kms_once_for_many_objects(keyed, name):
    stack, key = keyed
    (rule,) = stack.one(":BucketServerSideEncryptionConfiguration", f"{name}-encryption").inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key},
        "bucketKeyEnabled": True,
        "blockedEncryptionTypes": ["SSE-C"],
    }


@pytest.mark.parametrize("name", ["intake-originals", "intake-variants"])
def test_a_bucket_refuses_objects_under_another_key_and_takes_those_that_name_none(keyed, name):
    stack, key = keyed
    tls, other = stack.statements(":BucketPolicy", f"{name}-policy")
    assert tls["Sid"] == "TlsOnly"
    assert other == {
        "Sid": "NoOtherKey",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}-0a1b2c3/*",
        "Condition": {
            "Null": {"s3:x-amz-server-side-encryption": "false"},
            "ArnNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key},
        },
    }


def test_queues_do_not_ask_for_the_key_of_sqs_as_well(keyed):
    stack, _ = keyed
    for queue in stack.all("/queue:Queue"):
        assert ("sqsManagedSseEnabled" in queue.inputs) != ("kmsMasterKeyId" in queue.inputs)


def test_the_api_signs_uploads_for_the_key(keyed):
    stack, key = keyed
    environment = stack.one("/function:Function", "intake-api").inputs["environment"]["variables"]
    assert environment["KMS_KEY_ARN"] == key


def test_alarms_have_a_key_of_their_own_that_rings_when_the_other_is_disabled(keyed):
    stack, key = keyed
    topic = stack.one(":Topic")
    assert topic.inputs["kmsMasterKeyId"] == stack.one(":Key", "intake-alarms-key").outputs["arn"] != key


def test_a_stack_with_a_key_breaks_no_rule(keyed):
    stack, _ = keyed
    production = stack.one("/table:Table", "intake-ImageMetadata").inputs["deletionProtectionEnabled"]
    assert violations(stack, production=production) == []


def test_a_first_preview_knows_a_key_of_yours_and_a_second_one_the_key_that_is_made():
    first = evaluated("dev", FOREIGN, PreviewedCloud, preview=True)
    assert first.one(":LogGroup", "intake-api-log").inputs["kmsKeyId"] == FOREIGN
    assert first.one("/function:Function", "intake-api").inputs["kmsKeyArn"] == FOREIGN
    second = evaluated("dev", "create", preview=True)
    assert second.one(":LogGroup", "intake-api-log").inputs["kmsKeyId"] == MADE
    assert second.one(":KeyPolicy").inputs["policy"] == key_policy(MADE)


def test_a_first_preview_waits_for_the_key_that_is_made():
    first = evaluated("dev", "create", PreviewedCloud, preview=True)
    assert isinstance(first.one(":LogGroup", "intake-api-log").inputs["kmsKeyId"], pulumi.output.Unknown)


def test_tables_state_their_encryption_with_the_key_and_without_it(keyed, stack):
    # From a key back to none has to be a change, or the tables would stay under the old key.
    with_key, key = keyed
    for table in with_key.all(":Table"):
        assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": key}
    for table in stack.all(":Table"):
        assert table.inputs["serverSideEncryption"] == {"enabled": False}


def test_dead_letters_of_the_bus_survive_the_loss_of_the_key(keyed):
    stack, _ = keyed
    queue = stack.one(":Queue", "intake-events-dlq")
    assert queue.inputs["sqsManagedSseEnabled"] is True
    assert "kmsMasterKeyId" not in queue.inputs
