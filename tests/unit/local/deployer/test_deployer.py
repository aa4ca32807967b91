import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from local.aws_clients import Clients
from local.deployer import Deployer, DeploymentError, Target
from local.deployer.registry import CREATORS, Created


@pytest.fixture
def deployer():
    clients = Clients(endpoint="http://127.0.0.1:1", region="eu-central-1")
    return Deployer(Target(clients=clients, default_tags={"Project": "p", "Stack": "s"}))


@pytest.fixture
def topics(monkeypatch):
    """A resource type of the tests' own; what was asked for is collected."""
    asked = []

    def topic(_, resource):
        asked.append(resource)
        if resource.get("attentive", True):
            dict(resource.inputs)
        if resource.get("broken"):
            raise ValueError("no such thing")
        return Created("arn:topic", {"arn": "arn:topic", "name": "real"})

    monkeypatch.setitem(CREATORS, "aws:test/topic:Topic", topic)
    return asked


def registered(type_token, name="events", *, custom=True, **inputs):
    return MockResourceArgs(typ=type_token, name=name, inputs=inputs, custom=custom)


def test_an_unknown_type_is_an_error_that_names_the_type_and_the_file_to_add_it_to(deployer):
    with pytest.raises(DeploymentError, match=r"aws:ssm/parameter:Parameter.*local/deployer/ssm\.py"):
        deployer.new_resource(registered("aws:ssm/parameter:Parameter"))


def test_the_module_of_a_service_whose_name_is_a_keyword_ends_in_an_underscore(deployer):
    with pytest.raises(DeploymentError, match=r"local/deployer/lambda_\.py"):
        deployer.new_resource(registered("aws:lambda/alias:Alias"))


def test_an_unknown_question_is_an_error_that_names_it(deployer):
    with pytest.raises(DeploymentError, match="aws:ec2/getVpc:getVpc"):
        deployer.call(MockCallArgs(token="aws:ec2/getVpc:getVpc", args={}, provider=""))


def test_what_a_resource_cannot_be_created_for_is_said_with_its_name(deployer, topics):
    with pytest.raises(DeploymentError, match=r"Topic 'events' was not created: no such thing"):
        deployer.new_resource(registered("aws:test/topic:Topic", broken=True))


def test_a_resource_answers_its_inputs_and_what_it_became(deployer, topics):
    id_, state = deployer.new_resource(registered("aws:test/topic:Topic", delay=3, name="wanted"))
    assert id_ == "arn:topic"
    assert state == {"delay": 3, "name": "real", "arn": "arn:topic"}


def test_a_creator_sees_plain_values(deployer, topics):
    archive = pulumi.StringAsset("x")
    deployer.new_resource(
        registered("aws:test/topic:Topic", delay=3.0, ratio=0.5, unset=None, code=archive, list=[1.0])
    )
    inputs = dict(topics[0].inputs)
    inputs.pop("tags")
    assert inputs == {"delay": 3, "ratio": 0.5, "code": archive, "list": [1]}
    assert isinstance(inputs["delay"], int)


def test_an_input_that_the_creator_does_not_look_at_is_an_error_that_names_it(deployer, topics):
    with pytest.raises(DeploymentError, match=r"'events' was created without its delay, fifo: .*/test\.py"):
        deployer.new_resource(registered("aws:test/topic:Topic", fifo=True, delay=3, attentive=False))


def test_default_tags_on_something_that_takes_none_are_no_error(deployer, topics):
    deployer.new_resource(registered("aws:test/topic:Topic", attentive=False))


def test_the_providers_default_tags_are_under_those_of_the_resource(deployer, topics):
    deployer.new_resource(registered("aws:test/topic:Topic", tags={"Stack": "own"}))
    assert topics[0]["tags"] == {"Project": "p", "Stack": "own"}


def test_components_and_providers_are_not_created(deployer):
    component = registered("image-intake:index:Queue", custom=False, size=1)
    provider = registered("pulumi:providers:aws", name="default", region="eu-central-1")
    assert deployer.new_resource(component) == ("", {"size": 1})
    assert deployer.new_resource(provider) == ("default", {"region": "eu-central-1"})
