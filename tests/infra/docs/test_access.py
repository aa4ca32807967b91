"""The tables of permissions, row by row."""

import pytest

from docs.generate import access


@pytest.fixture
def statements():
    return access.statements()


def test_a_row_says_who_may_do_what_with_what_and_on_which_condition(statements):
    sending = [row for row in statements if row.actions == ("sqs:SendMessage",) and "s3" in row.who]
    assert {row.resources for row in sending} == {("intake-uploads",), ("intake-uploads-express",)}
    for row in sending:
        assert row.who == "service `s3.amazonaws.com`"
        assert row.conditions == (
            "`aws:SourceArn` ArnEquals `intake-originals`",
            "`aws:SourceAccount` StringEquals `this account`",
        )


def test_what_a_key_allows_to_whom_names_the_setting_and_the_key(statements):
    added = [row for row, settings in statements.items() if settings == "with `kmsKey`"]
    assert {row.who for row in added if row.resources == ("intake-key",)} == {
        *("the account", "service `s3.amazonaws.com`", "service `lambda.amazonaws.com`"),
        "service `events.amazonaws.com`",
        *("service `logs.eu-central-1.amazonaws.com`", "service `cloudtrail.amazonaws.com`"),
    }
    assert {row.who for row in added if row.resources == ("key/intake-key",)} == {
        *("role `intake-api-role`", "role `intake-publish-role`", "role `intake-resize-role`")
    }


def test_what_a_setting_adds_names_the_setting(statements):
    added = {row.resources for row, settings in statements.items() if "alarmSlackChannel" in settings}
    assert added == {("intake-alarms-slack-role",)}


def test_what_a_setting_takes_away_says_so(statements):
    reading = {
        row.conditions: settings
        for row, settings in statements.items()
        if (row.who, row.actions) == ("role `intake-resize-role`", ("s3:GetObject",))
    }
    assert reading == {
        (): "without `malwareScan`",
        (
            "`s3:ExistingObjectTag/GuardDutyMalwareScanStatus` StringEquals `NO_THREATS_FOUND`",
        ): "with `malwareScan`",
    }


def test_what_either_of_two_settings_adds_is_one_row(statements):
    protected = [
        settings for row, settings in statements.items() if "intake-audit-logs" in row.resources[0:1]
    ]
    assert "with `accessLogs` or `dataEvents`" in protected


def test_what_only_two_settings_together_allow_names_both(statements):
    decrypting = [
        settings
        for row, settings in statements.items()
        if (row.who, row.actions) == ("service `cloudfront.amazonaws.com`", ("kms:Decrypt",))
    ]
    assert decrypting == ["with `kmsKey` and `delivery`"]


def test_a_permission_to_call_a_function_says_how_it_may_be_called(statements):
    calling = {
        row.actions[0]: row.conditions[1:]
        for row in statements
        if row.who == "service `cloudfront.amazonaws.com`" and row.resources == ("intake-delivery",)
    }
    assert calling == {
        "lambda:InvokeFunctionUrl": ("`lambda:FunctionUrlAuthType` StringEquals `AWS_IAM`",),
        "lambda:InvokeFunction": ("`lambda:InvokedViaFunctionUrl` Bool `true`",),
    }
