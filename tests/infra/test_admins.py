"""Who may see the images of all."""

import pytest

from components.config.config_slice import ConfigError
from handlers.contract.settings import ApiSettings, load


def test_administrators_are_told_to_the_api_function(registered):
    stack = registered(adminPrincipals='["arn:aws:iam::123456789012:role/ops/Operator"]')
    environment = stack.one("/function:Function", "intake-api").inputs["environment"]["variables"]
    assert load(ApiSettings, environment).admin_principals == ("arn:aws:iam::123456789012:role/ops/Operator",)


def test_a_stack_has_no_administrators_unless_it_names_them(prod):
    environment = prod.one("/function:Function", "intake-api").inputs["environment"]["variables"]
    assert load(ApiSettings, environment).admin_principals == ()


@pytest.mark.parametrize(
    "arn",
    [
        "*",
        "operator",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::*:user/operator",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:sts::123456789012:assumed-role/Operator/session",
        "arn:aws:iam::123456789012:role/Operator\\n",
    ],
)
def test_what_is_no_user_or_role_is_refused(registered, arn):
    with pytest.raises(ConfigError, match="is not the ARN of a role or user"):
        registered(adminPrincipals=f'["{arn}"]')


def test_administrators_by_arn_need_callers_with_arns(registered):
    with pytest.raises(ConfigError, match="adminPrincipals is set but apiAuth is none"):
        registered(apiAuth="none", adminPrincipals='["arn:aws:iam::123456789012:user/operator"]')
