from dataclasses import replace

import pytest
import yaml
from pulumi.runtime.proto import analyzer_pb2

from guardrails import RULES, resource_types
from tests.infra.policies.analyzer import Analyzer, unknown
from tests.infra.policies.broken_programs import as_declared, as_deployed, leaving_out, setting, unprotected
from tests.infra.registered import ROOT


@pytest.fixture(scope="module")
def production():
    with Analyzer("prod", protect="true") as analyzer:
        yield analyzer


@pytest.fixture(scope="module")
def development():
    with Analyzer("dev", protect="false") as analyzer:
        yield analyzer


def hidden(resources):
    return [replace(resource, props=unknown(resource.props)) for resource in resources]


def broken(diagnostics):
    return {found.policyName for found in diagnostics if found.enforcementLevel == analyzer_pb2.MANDATORY}


def test_every_rule_is_a_mandatory_policy_of_the_pack(production):
    information = production.information()
    assert [policy.name for policy in information.policies] == [rule.name for rule in RULES]
    assert {policy.enforcementLevel for policy in information.policies} == {analyzer_pb2.MANDATORY}
    assert [policy.remediation_steps for policy in information.policies] == [rule.fix for rule in RULES]


def test_a_policy_names_its_control(production):
    (policy,) = [found for found in production.information().policies if found.name == "bucket-tls-only"]
    assert policy.framework.name == "AWS Foundational Security Best Practices v1.0.0"
    assert policy.framework.reference == "S3.5"
    assert policy.url.endswith("s3-controls.html#s3-5")


def test_the_program_passes_the_pack_in_both_stacks(development, production, dev, prod):
    assert list(development.diagnostics(as_declared(dev), as_deployed(dev))) == []
    assert list(production.diagnostics(as_declared(prod), as_deployed(prod))) == []


def test_a_mistake_is_reported_with_the_resource_and_the_way_out(production, prod):
    change = setting(resource_types.QUEUE, visibilityTimeoutSeconds=30)
    found, _express = [
        diagnostic
        for diagnostic in production.diagnostics(as_declared(prod), change(as_deployed(prod)))
        if diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    ]
    assert found.policyName == "queue-visibility"
    assert found.urn == prod.one(":Queue", "intake-uploads").urn
    assert "hides a message for 30 s; intake-resize needs 721 s" in found.message
    assert "Raise visibilityTimeoutSeconds" in found.message


def test_a_first_preview_breaks_no_rule_though_hardly_any_name_is_known(production, prod):
    diagnostics = production.diagnostics(hidden(as_declared(prod)), hidden(as_deployed(prod)))
    assert broken(diagnostics) == set()
    assert {found.policyName for found in diagnostics} == {"resource-policy-private"} | {
        rule.name for rule in RULES if rule.name in ("iam-named-actions", "iam-named-resources")
    }


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("queue-visibility", setting(resource_types.QUEUE, visibilityTimeoutSeconds=30)),
        ("partial-batches", setting(resource_types.MAPPING, functionResponseTypes=[])),
        ("stream-dead-letters", setting(resource_types.MAPPING, destinationConfig={})),
        ("bucket-private", setting(resource_types.PUBLIC_ACCESS_BLOCK, blockPublicPolicy=False)),
        ("function-log-group", setting(resource_types.FUNCTION, loggingConfig={})),
        ("production-protected", unprotected),
        ("production-bucket-logged", leaving_out(resource_types.BUCKET_LOGGING)),
    ],
)
def test_a_first_preview_finds_mistakes_in_what_it_knows(production, prod, rule, change):
    declared, deployed = (hidden(change(found)) for found in (as_declared(prod), as_deployed(prod)))
    assert broken(production.diagnostics(declared, deployed)) == {rule}


@pytest.mark.parametrize(("stack", "protect"), [("prod", "false"), ("dev", "true")])
def test_production_is_what_is_called_so_or_says_so(dev, stack, protect):
    with Analyzer(stack, protect=protect) as analyzer:
        assert broken(analyzer.diagnostics(as_declared(dev), as_deployed(dev))) == {
            "production-protected",
            "production-bucket-kept",
            "production-bucket-logged",
            "production-table-kept",
        }


def test_the_pack_states_what_the_cli_needs():
    settings = yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text("utf-8"))
    assert settings["runtime"] == {"name": "python", "options": {"virtualenv": ".venv"}}
    assert settings["version"]
    requirements = (ROOT / "policies" / "requirements.txt").read_text("utf-8")
    assert "pulumi-policy==" in requirements
    assert "--hash=sha256:" in requirements
