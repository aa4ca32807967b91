import json

import pytest

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:intake-alarms-0a1b2c3"
ALARMS_OF_THIS_ACCOUNT = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:*"},
}


def test_messages_are_encrypted_with_a_key_of_the_account_that_is_rotated(stack):
    key = stack.one(":Key")
    assert key.inputs["enableKeyRotation"] is True
    assert stack.one(":Topic").inputs["kmsMasterKeyId"] == key.outputs["arn"]


def test_only_alarms_of_this_account_use_the_key_which_the_account_administers(stack):
    administers, encrypts = stack.statements(":Key", "intake-alarms-key")
    assert administers["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert encrypts == {
        "Sid": "AlarmsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": ALARMS_OF_THIS_ACCOUNT,
    }


def test_only_alarms_of_this_account_publish_and_only_over_tls(stack):
    assert stack.one(":TopicPolicy").inputs["arn"] == TOPIC
    publish, tls = stack.statements(":TopicPolicy", "intake-alarms-policy")
    assert publish == {
        "Sid": "AlarmsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": ALARMS_OF_THIS_ACCOUNT,
    }
    assert tls["Effect"] == "Deny"
    assert tls["Action"] == "sns:Publish"
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nobody_is_told_unless_the_stack_says_whom(stack):
    assert stack.all(":TopicSubscription") == []
    assert stack.all(":SlackChannelConfiguration") == []


def test_each_address_is_subscribed_by_itself(registered):
    stack = registered(alarmEmails='["a@example.com", "b@example.com"]')
    subscriptions = stack.all(":TopicSubscription")
    assert {each.inputs["endpoint"] for each in subscriptions} == {"a@example.com", "b@example.com"}
    for each in subscriptions:
        assert (each.inputs["protocol"], each.inputs["topic"]) == ("email", TOPIC)


def test_the_subscriptions_of_others_stay_when_one_goes(registered):
    both = registered(alarmEmails='["a@example.com", "b@example.com"]')
    one = registered(alarmEmails='["b@example.com"]')
    (kept,) = one.all(":TopicSubscription")
    assert both.one(":TopicSubscription", kept.name).inputs == kept.inputs


def test_the_url_of_a_pager_confirms_by_itself_and_is_kept_secret(registered):
    url = "https://pager.example/integration/0123456789"
    (subscription,) = registered(alarmUrls=json.dumps([url])).all(":TopicSubscription")
    assert subscription.inputs["protocol"] == "https"
    assert subscription.inputs["endpointAutoConfirms"] is True
    assert subscription.inputs["endpoint"] != url
    assert subscription.inputs["endpoint"]["value"] == url
    assert url not in subscription.name


@pytest.fixture
def slack(registered):
    return registered(alarmSlackChannel="T07EXAMPLE/C07EXAMPLE")


def test_a_slack_channel_gets_what_the_topic_gets(slack):
    channel = slack.one(":SlackChannelConfiguration").inputs
    assert (channel["slackTeamId"], channel["slackChannelId"]) == ("T07EXAMPLE", "C07EXAMPLE")
    assert channel["snsTopicArns"] == [TOPIC]


def test_whoever_writes_in_the_channel_may_do_nothing_in_the_account(slack):
    role = slack.one(":Role", "intake-alarms-slack-role")
    channel = slack.one(":SlackChannelConfiguration").inputs
    assert channel["iamRoleArn"] == role.outputs["arn"]
    assert role.outputs["name"] not in [policy.inputs["role"] for policy in slack.all(":RolePolicy")]
    assert not {"managedPolicyArns", "inlinePolicies"} & role.inputs.keys()
    assert channel["guardrailPolicyArns"] == ["arn:aws:iam::aws:policy/AWSDenyAll"]
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "chatbot.amazonaws.com"}
