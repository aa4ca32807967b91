import re

import pytest

from tests.infra.registered import ROOT

OUTPUTS = {
    "apiUrl": "https://intake-api-http.execute-api.eu-central-1.amazonaws.com",
    "originalsBucket": "intake-originals-0a1b2c3",
    "variantsBucket": "intake-variants-0a1b2c3",
    "tableName": "intake-ImageMetadata-0a1b2c3",
    "queueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/intake-uploads-0a1b2c3",
    "expressQueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/intake-uploads-express-0a1b2c3",
    "expressLane": True,
    "deadLetterQueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/intake-uploads-dlq-0a1b2c3",
    "resizeFunctionName": "intake-resize-0a1b2c3",
    "apiFunctionName": "intake-api-0a1b2c3",
    "publishFunctionName": "intake-publish-0a1b2c3",
    "eventBusName": "intake-events-0a1b2c3",
    "eventDeadLetterQueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/intake-events-dlq-0a1b2c3",
    "alarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:intake-alarms-0a1b2c3",
}
DASHBOARDS = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards:name"


def test_a_stack_exports_what_clients_and_operators_need(stack):
    outputs = dict(stack.deployment.outputs)
    name = stack.one(":Dashboard").inputs["dashboardName"]
    assert outputs.pop("dashboardUrl") == f"{DASHBOARDS}={name}"
    assert outputs == OUTPUTS


def test_the_readme_lists_every_output(stack):
    text = (ROOT / "README.md").read_text("utf-8")
    listed = text.partition("Every stack has the same outputs:")[2].partition("\n\n")[0]
    assert re.findall(r"`(\w+)`", listed) == list(stack.deployment.outputs)


def test_the_readme_lists_the_outputs_that_settings_add(registered, dev):
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    stack = registered(delivery="true", apiDomain="api.example.com", apiCertificate=certificate)
    added = [name for name in stack.deployment.outputs if name not in dev.deployment.outputs]
    text = (ROOT / "README.md").read_text("utf-8")
    listed = re.findall(r"`(\w+)`", text.partition("Settings add outputs:")[2].partition("\n\n")[0])
    assert listed == ["apiDomain", *added[:1], "delivery", *added[1:]]


@pytest.mark.parametrize(("kind", "count"), [("/bucket:Bucket", 3), ("/table:Table", 2)])
def test_production_keeps_its_data_whatever_happens_to_the_stack(prod, kind, count):
    stateful = prod.all(kind)
    assert len(stateful) == count
    for resource in stateful:
        assert resource.protect
        assert resource.retain_on_delete


def test_production_buckets_are_not_emptied_to_be_destroyed(prod):
    assert [bucket.inputs["forceDestroy"] for bucket in prod.all("/bucket:Bucket")] == [False] * 3


def test_dynamodb_itself_refuses_to_delete_the_tables_of_production(dev, prod):
    assert [table.inputs["deletionProtectionEnabled"] for table in prod.all("/table:Table")] == [True, True]
    assert [table.inputs["deletionProtectionEnabled"] for table in dev.all("/table:Table")] == [False, False]


def test_a_development_stack_can_be_destroyed_completely(dev):
    assert not [resource for resource in dev.deployment.resources if resource.protect]
    assert not [resource for resource in dev.deployment.resources if resource.retain_on_delete]
    assert [bucket.inputs["forceDestroy"] for bucket in dev.all("/bucket:Bucket")] == [True, True]


@pytest.mark.parametrize(
    ("name", "key"), [("ImageMetadata", ("ImageID", None)), ("quotas", ("Principal", "Hour"))]
)
def test_a_table_is_paid_by_the_request_encrypted_and_recoverable_and_forgets(stack, name, key):
    table = stack.one("/table:Table", f"intake-{name}").inputs
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert (table["hashKey"], table.get("rangeKey")) == key
    assert table["ttl"] == {"attributeName": "ExpiresAt", "enabled": True}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["serverSideEncryption"] == {"enabled": False}


def test_the_table_of_quotas_has_no_attributes_but_its_key(stack):
    table = stack.one("/table:Table", "intake-quotas").inputs
    assert table["attributes"] == [{"name": "Principal", "type": "S"}, {"name": "Hour", "type": "S"}]
    assert "globalSecondaryIndexes" not in table
    assert not table.get("streamEnabled")


def test_every_function_runs_python_on_arm_traced_with_a_log_that_is_forgotten(prod):
    functions = prod.all("/function:Function")
    assert len(functions) == 3
    for function in functions:
        assert function.inputs["runtime"] == "python3.13"
        assert function.inputs["architectures"] == ["arm64"]
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
        log_group = prod.one(":LogGroup", f"{function.name}-log")
        assert function.inputs["loggingConfig"]["logGroup"] == log_group.outputs["name"]
        assert log_group.inputs["retentionInDays"] == 90


def test_lambda_itself_never_drops_metrics_for_being_below_the_log_level(registered):
    for level, kept in (("DEBUG", "DEBUG"), ("INFO", "INFO"), ("ERROR", "INFO")):
        for function in registered(logLevel=level).all("/function:Function"):
            assert function.inputs["loggingConfig"]["applicationLogLevel"] == kept
            assert function.inputs["environment"]["variables"]["POWERTOOLS_LOG_LEVEL"] == level


def test_the_layers_fit_the_functions_that_use_them(stack):
    for name in ("intake-resize", "intake-api", "intake-publish"):
        layers = [stack.one(":LayerVersion", f"{name}-layer")]
        if name == "intake-resize":
            layers.append(stack.one(":LayerVersion", f"{name}-vector-layer"))
        for layer in layers:
            assert layer.inputs["compatibleRuntimes"] == ["python3.13"]
            assert layer.inputs["compatibleArchitectures"] == ["arm64"]
        arns = [layer.outputs["arn"] for layer in layers]
        assert stack.one("/function:Function", name).inputs["layers"] == arns


def test_no_resource_is_of_a_deprecated_type(stack):
    assert not [resource.type for resource in stack.deployment.resources if "V2" in resource.type]


def test_tags_are_given_once_by_the_provider(stack):
    assert not [resource.name for resource in stack.deployment.resources if "tags" in resource.inputs]
