import pytest

from guardrails import RULES, judge, resource_types
from guardrails.production import is_production
from guardrails.rule import FSBP, Control
from tests.unit.policies.resources import resource

UNPROTECTED = resource(resource_types.TABLE, "rows")


@pytest.mark.parametrize("name", ["prod", "production", "prod-eu", "eu-prod", "acme.production", "Prod"])
def test_a_stack_called_production_is_production_even_if_it_forgot_to_say_so(name):
    assert is_production(name, protect=False)


@pytest.mark.parametrize("name", ["dev", "product-photos", "reproduction", "staging"])
def test_another_stack_is_production_only_if_it_says_so(name):
    assert not is_production(name, protect=False)
    assert is_production(name, protect=True)


def test_rules_for_production_are_asked_in_production_only():
    strict = {violation.rule for violation in judge(RULES, [UNPROTECTED], production=True)}
    lenient = {violation.rule for violation in judge(RULES, [UNPROTECTED], production=False)}
    assert strict - lenient == {"production-protected", "production-table-kept"}


def test_a_violation_says_what_is_wrong_and_how_to_mend_it():
    found = judge(RULES, [UNPROTECTED], production=True)
    (violation,) = [violation for violation in found if violation.rule == "table-recoverable"]
    assert violation.resource == "rows"
    assert violation.message == (
        "rows cannot be restored to a point in time. Set pointInTimeRecovery.enabled to true."
    )


def test_rules_have_names_of_their_own_and_sentences():
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.what.endswith("."), rule.name
        assert rule.fix.endswith("."), rule.name


def test_a_control_leads_to_its_page():
    control = Control(ids=("APIGateway.8",))
    assert control.standard == FSBP
    assert control.url == (
        "https://docs.aws.amazon.com/securityhub/latest/userguide/apigateway-controls.html#apigateway-8"
    )
