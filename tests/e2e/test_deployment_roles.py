"""The program deployed to the emulator with the rights of the documented role that deploys."""

import json
import os

import pytest

import roles
from local.aws_clients import ROOT, Clients
from local.deployer import Deployer, Target
from local.deployer.registry import DeploymentError
from local.emulator import emulator
from local.isolation import isolated
from local.program import load_config, run_program
from local.system import PROJECT
from tests.engine.deployment_users import create_user, documented_policies

STACK = "dev"


class ClientsOfOne(Clients):
    """Clients that call as one user wherever root would."""

    user = ROOT

    def client(self, service, caller=ROOT, region=""):
        return super().client(service, self.user if caller is ROOT else caller, region)


@pytest.fixture(scope="module")
def target():
    config = load_config(PROJECT, STACK)
    region = config["aws:region"]
    with isolated(os.environ), emulator(region=region) as running:
        clients = ClientsOfOne(endpoint=running.endpoint, region=region)
        yield Target(clients=clients, default_tags=json.loads(config["aws:defaultTags"])["tags"])


def deploy_as_documented(target, user, *, without=()):
    """Deploy the dev stack with the documented policies, less some actions."""
    policies = documented_policies(STACK, target.clients.region)
    documents = {}
    for name in roles.DEPLOY:
        # The local deployment names what is not named by the program without the stack's name in front.
        document = json.loads(policies[name].replace(f"{STACK}-intake-", "intake-"))
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action not in without]
        document["Statement"] = [each for each in document["Statement"] if each["Action"]]
        documents[name] = json.dumps(document)
    target.clients.user = ROOT
    target.clients.user = create_user(target.clients, user, documents)
    return run_program(PROJECT, STACK, Deployer(target))


@pytest.mark.parametrize("action", ["s3:CreateBucket", "lambda:CreateFunction", "iam:PutRolePolicy"])
def test_without_an_action_of_the_role_the_deployment_is_denied(target, action):
    with pytest.raises(DeploymentError, match=f"not authorized to perform: {action}"):
        deploy_as_documented(target, action.partition(":")[2], without=[action])


def test_the_role_may_create_everything_that_the_program_registers(target):
    deployment = deploy_as_documented(target, "deployer")
    assert deployment.outputs["apiUrl"]
