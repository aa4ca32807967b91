"""The documented roles under the real engine, as far as the emulator's IAM goes."""

import pytest

import roles
from tests.engine.deployment_users import create_user, documented_policies

STACK = "roles"


@pytest.fixture(scope="module")
def users(cloud, clients):
    """The users that preview and deploy the stack; the latter may also destroy one without `protect`."""
    policies = documented_policies(STACK, cloud.region)
    return {
        user: create_user(clients, user, {name: policies[name] for name in names})
        for user, names in (("previewer", roles.PREVIEW), ("deployer", (*roles.DEPLOY, roles.UNPROTECTED)))
    }


@pytest.fixture(scope="module")
def stack(engine, users):
    """A stack deployed with the rights of the role that deploys."""
    engine.new_stack(STACK)
    engine.pulumi("preview", "--stack", STACK, caller=users["previewer"])
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK, caller=users["deployer"])
    return STACK


def test_the_role_that_previews_finds_nothing_to_change(engine, stack, users):
    engine.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", stack, caller=users["previewer"])


def test_the_role_that_deploys_updates_and_destroys_the_stack(engine, stack, users):
    engine.pulumi("config", "set", "logRetentionDays", "30", "--stack", stack)
    engine.pulumi("up", "--refresh", "--yes", "--skip-preview", "--stack", stack, caller=users["deployer"])
    engine.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack, caller=users["deployer"])
