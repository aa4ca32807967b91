"""The components in a program of someone else."""

import json

import pulumi
import pulumi_aws as aws
import pytest

from components import ConfigError, ImagePipeline, PipelineConfig
from local.evaluation import evaluate
from local.mock_cloud import FakeCloud
from local.program import run_program
from tests.infra.registered import ROOT, Registered


def place(program, config=None):
    return Registered(evaluate(program, FakeCloud(), "shop", "dev", config or {}))


def pipeline(name, **options):
    return ImagePipeline(name, PipelineConfig.with_defaults(), pulumi.ResourceOptions(**options))


def tier_originals(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != "aws:dynamodb/table:Table":
        return None
    return pulumi.ResourceTransformResult(
        {**args.props, "tableClass": "STANDARD_INFREQUENT_ACCESS"}, args.opts
    )


def several():
    """Pipelines with the options that docs/components.md lists, in one program."""
    ireland = aws.Provider("ireland", region="eu-west-1", default_tags={"tags": {"Team": "pets"}})
    cats = PipelineConfig.load(pulumi.Config("cats"))
    ImagePipeline("cats", cats, pulumi.ResourceOptions(provider=ireland))
    ImagePipeline("dogs", PipelineConfig.with_defaults(max_concurrency=20, page=True, api_auth="none"))
    pipeline("pets", aliases=[pulumi.Alias(name="animals")])
    pipeline("rare", transforms=[tier_originals])


@pytest.fixture(scope="module")
def placed():
    return place(several, {"cats:maxConcurrency": "3"})


def test_every_pipeline_has_its_own_configuration(placed):
    concurrency = {
        mapping.name.split("-")[0]: mapping.inputs["scalingConfig"]["maximumConcurrency"]
        for mapping in placed.all(":EventSourceMapping")
        if "scalingConfig" in mapping.inputs
    }
    assert concurrency == {"cats": 3, "dogs": 20, "pets": 10, "rare": 10}


def test_a_provider_creates_the_pipeline_it_is_given_to(placed):
    provider = placed.one("pulumi:providers:aws", "ireland")
    assert json.loads(provider.inputs["defaultTags"]) == {"tags": {"Team": "pets"}}
    for resource in placed.deployment.resources:
        if resource.custom and resource.name != "ireland":
            assert ("::ireland::" in resource.provider) == resource.name.startswith("cats-"), resource.name


def test_a_configuration_has_defaults_wherever_it_comes_from():
    loaded = {}

    def program():
        loaded["cats"] = PipelineConfig.load(pulumi.Config("cats"))

    place(program, {"cats:maxConcurrency": "7", "dogs:maxConcurrency": "9"})
    assert loaded["cats"] == PipelineConfig.with_defaults(max_concurrency=7)


def test_a_key_that_there_is_not_is_named_in_every_namespace():
    def program():
        PipelineConfig.load(pulumi.Config("cats"))

    with pytest.raises(ConfigError, match=r"^maxConcurency is not a configuration key"):
        place(program, {"cats:maxConcurency": "7"})


CHOSEN = {
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": "configurationName",
    "aws:cloudtrail/trail:Trail": "name",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "name",
    "aws:cloudwatch/logGroup:LogGroup": "namePrefix",
    "aws:lambda/layerVersion:LayerVersion": "layerName",
}


def chosen(resources):
    """The names in AWS that the program gives itself, by the type of resource."""
    return [
        (kind, each.inputs[key])
        for kind, key in CHOSEN.items()
        for each in resources
        if each.type == kind and key in each.inputs
    ]


def test_what_two_pipelines_call_something_in_aws_themselves_is_never_the_same():
    config = PipelineConfig.with_defaults(
        alarm_slack_channel="T07EXAMPLE/C07EXAMPLE", data_events=True, delivery=True
    )

    def program():
        ImagePipeline("cats", config)
        ImagePipeline("dogs", config)

    both = place(program).deployment.resources
    names = chosen(both)
    assert len(names) == len(set(names))
    assert {kind for kind, _ in names} == set(CHOSEN)
    # The rest is named by Pulumi, with a random end; `$default` is a stage of each one's own API.
    others = [each for each in both if each.type not in CHOSEN]
    assert {each.inputs["name"] for each in others if "name" in each.inputs} == {"$default"}


def test_two_stacks_share_an_account_and_region_without_a_clash():
    everything = {"alarmSlackChannel": "T07EXAMPLE/C07EXAMPLE", "dataEvents": "true"}
    overrides = {f"image-intake:{key}": value for key, value in everything.items()}
    names = {
        stack: set(chosen(run_program(ROOT, stack, FakeCloud(), overrides).resources))
        for stack in ("dev", "prod")
    }
    # The trail is named after its bucket, whose name Pulumi makes.
    clashes = {(kind, name) for kind, name in names["dev"] & names["prod"] if "trail" not in kind}
    assert clashes == set()
    assert {kind for kind, _ in names["dev"]} == set(CHOSEN)


def test_every_name_begins_with_that_of_its_parent_so_that_aliases_reach_it(placed):
    names = {resource.urn: resource.name for resource in placed.deployment.resources}
    below = [resource for resource in placed.deployment.resources if resource.parent in names]
    assert len(below) > 300
    for resource in below:
        assert resource.name.startswith(names[resource.parent]), resource.name


def urns(program):
    """The URNs of what a program registers."""
    return {resource.urn for resource in place(program).deployment.resources}


def aliases(program):
    """All URNs under which an engine looks for what a program registers, besides its own."""
    return {urn for resource in place(program).deployment.resources for urn in resource.aliases}


def test_a_pipeline_that_was_renamed_is_found_under_its_old_name_with_all_its_parts():
    def renamed():
        pipeline("kittens", aliases=[pulumi.Alias(name="cats")])

    assert urns(lambda: pipeline("cats")) <= aliases(renamed)


def test_a_pipeline_that_was_moved_below_a_component_is_found_where_it_stood():
    def moved():
        shop = pulumi.ComponentResource("shop:index:Shop", "shop")
        stood = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
        pipeline("cats", parent=shop, aliases=[stood])

    assert urns(lambda: pipeline("cats")) <= aliases(moved)


def test_a_transform_is_registered_with_the_pipeline_and_so_concerns_all_that_is_below(placed):
    (rare,) = [resource for resource in placed.deployment.resources if resource.transforms]
    assert (rare.type, rare.name) == ("image-intake:index:ImagePipeline", "rare")
    parents = {resource.urn: resource.parent for resource in placed.deployment.resources}

    def top(urn):
        return top(parents[urn]) if parents.get(parents[urn]) is not None else urn

    mine = [resource for resource in placed.deployment.resources if resource.name.startswith("rare-")]
    assert len(mine) > 80
    assert {top(resource.urn) for resource in mine} == {rare.urn}


def test_a_transformation_reaches_everything_below():
    seen = []

    def program():
        def enlarge(args):
            seen.append(args.type_)
            if args.type_ == "aws:lambda/function:Function":
                return pulumi.ResourceTransformationResult({**args.props, "memory_size": 4096}, args.opts)
            return None

        pipeline("cats", transformations=[enlarge])

    placed = place(program)
    assert sorted(seen) == sorted(resource.type for resource in placed.deployment.resources)
    assert {function.inputs["memorySize"] for function in placed.all("/function:Function")} == {4096}


def test_a_dot_in_the_name_of_a_project_or_stack_makes_no_name_that_cloudwatch_refuses():
    placed = Registered(evaluate(lambda: pipeline("cats"), FakeCloud(), "shop.example", "eu.dev", {}))
    assert placed.one(":Dashboard").inputs["dashboardName"] == "shop-example-eu-dev-cats"
