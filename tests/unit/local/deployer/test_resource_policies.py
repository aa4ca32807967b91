import json

import pytest

from local.aws_clients import Clients
from local.deployer import Target
from local.deployer.resource_policies import without_tls_only

DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}


@pytest.fixture
def target():
    return Target(clients=Clients(endpoint="http://127.0.0.1:1", region="eu-central-1"))


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_a_statement_that_denies_plain_http_is_left_out_and_said_once(target):
    kept = json.loads(without_tls_only(target, policy(DENY, ALLOW)))
    without_tls_only(target, policy(DENY, ALLOW))
    assert kept == {"Version": "2012-10-17", "Statement": [ALLOW]}
    assert len(target.notes) == 1
    assert "aws:SecureTransport" in target.notes[0]


def test_a_policy_of_nothing_else_is_no_policy(target):
    assert without_tls_only(target, policy(DENY)) is None


def test_every_other_statement_stays(target):
    other = {**DENY, "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}
    allowed = {**DENY, "Effect": "Allow"}
    document = policy(other, allowed, ALLOW)
    assert without_tls_only(target, document) == document
    assert target.notes == []
