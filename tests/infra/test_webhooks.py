import json

import pytest

from components import ConfigError
from local.mock_cloud import FakeCloud
from local.program import run_program
from tests.infra.registered import ROOT

URLS = ["https://hooks.example.com/images?key=0123456789", "https://other.example.net/"]
SECRET = "a-secret-of-the-receivers"
BUS = "intake-events-0a1b2c3"
RULE = f"arn:aws:events:eu-central-1:123456789012:rule/{BUS}/intake-events-webhooks-0a1b2c3"
LETTERS = "arn:aws:sqs:eu-central-1:123456789012:intake-events-dlq-0a1b2c3"


@pytest.fixture
def webhooks(registered):
    return registered(webhookUrls=json.dumps(URLS), webhookSecret=SECRET)


def test_a_stack_has_no_webhooks_unless_it_names_endpoints(stack):
    for kind in (":EventRule", ":EventTarget", ":EventConnection", ":EventApiDestination"):
        assert stack.all(kind) == []
    bus, _tls = stack.statements(":QueuePolicy", "intake-events-dlq-policy")
    assert bus["Sid"] == "BusDeadLetters"


def test_every_event_of_the_pipeline_goes_to_every_endpoint(webhooks):
    rule = webhooks.one(":EventRule")
    assert rule.inputs["eventBusName"] == BUS
    assert json.loads(rule.inputs["eventPattern"]) == {"source": ["image-intake"]}
    destinations = webhooks.all(":EventApiDestination")
    assert sorted(each.inputs["invocationEndpoint"]["value"] for each in destinations) == sorted(URLS)
    assert {each.inputs["httpMethod"] for each in destinations} == {"POST"}
    targets = webhooks.all(":EventTarget")
    assert {each.inputs["arn"] for each in targets} == {each.outputs["arn"] for each in destinations}
    assert {(each.inputs["rule"], each.inputs["eventBusName"]) for each in targets} == {
        (rule.outputs["name"], BUS)
    }
    # The event as it is: receivers get what other subscribers get.
    assert not {"input", "inputPath", "inputTransformer"} & {key for each in targets for key in each.inputs}


def test_an_endpoint_is_tried_for_a_day_and_then_the_event_is_a_dead_letter(webhooks):
    for target in webhooks.all(":EventTarget"):
        assert target.inputs["retryPolicy"] == {
            "maximumEventAgeInSeconds": 86_400,
            "maximumRetryAttempts": 185,
        }
        assert target.inputs["deadLetterConfig"] == {"arn": LETTERS}
    statements = webhooks.statements(":QueuePolicy", "intake-events-dlq-policy")
    [rule] = [each for each in statements if each["Sid"] == "WebhookDeadLetters"]
    assert (rule["Principal"], rule["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert rule["Condition"] == {
        "ArnEquals": {"aws:SourceArn": RULE},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_the_role_of_the_rule_calls_these_endpoints_and_does_nothing_else(webhooks):
    role = webhooks.one(":Role", "intake-events-webhooks-role")
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    [call] = webhooks.statements(":RolePolicy", "intake-events-webhooks-permissions")
    assert call["Action"] == ["events:InvokeApiDestination"]
    assert sorted(call["Resource"]) == sorted(
        each.outputs["arn"] for each in webhooks.all(":EventApiDestination")
    )
    assert {each.inputs["roleArn"] for each in webhooks.all(":EventTarget")} == {role.outputs["arn"]}


def test_the_secret_is_a_header_of_the_connection_and_stands_nowhere_else(webhooks):
    connection = webhooks.one(":EventConnection")
    assert connection.inputs["authorizationType"] == "API_KEY"
    # A secret that holds the parameters: they are encrypted in the state.
    parameters = connection.inputs["authParameters"]
    assert set(parameters) > {"value"}
    assert parameters["value"]["apiKey"] == {"key": "x-image-intake-secret", "value": SECRET}
    for resource in webhooks.deployment.resources:
        if resource.urn != connection.urn:
            assert SECRET not in json.dumps([resource.name, resource.inputs], default=str)
    assert SECRET not in json.dumps(webhooks.deployment.outputs, default=str)


def test_the_urls_stand_in_plain_text_nowhere(webhooks):
    for resource in webhooks.deployment.resources:
        plain = {key: value for key, value in resource.inputs.items() if key != "invocationEndpoint"}
        assert "0123456789" not in json.dumps([resource.name, plain], default=str)
    assert "0123456789" not in repr(webhooks.deployment.outputs)


def test_a_secret_in_plain_text_is_refused_without_being_repeated():
    overrides = {"image-intake:webhookUrls": json.dumps(URLS), "image-intake:webhookSecret": SECRET}
    with pytest.raises(ConfigError) as refused:
        run_program(ROOT, "dev", FakeCloud(), overrides, encrypted=False)
    assert str(refused.value) == (
        "webhookSecret is in plain text; set it with pulumi config set --secret webhookSecret."
    )
