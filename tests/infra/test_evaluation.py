import gc
import json

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.output import Unknown

from components import ImagePipeline, PipelineConfig
from local.evaluation import evaluate
from local.mock_cloud import FakeCloud
from local.program import load_config, run_program
from tests.infra.registered import ROOT, PreviewedCloud, Registered

CONFIG = load_config(ROOT, "dev")


def inputs(registered):
    return {
        resource.urn: (comparable(resource.inputs), sorted(resource.dependencies), resource.parent)
        for resource in registered.deployment.resources
    }


def comparable(value):
    """Archives are compared by their place; their bytes are the business of the bundle tests."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    return value.path if isinstance(value, pulumi.FileArchive) else value


def place(program):
    """Evaluate a program of someone else, who places pipelines of their own."""
    return Registered(evaluate(program, FakeCloud(), "image-intake", "dev", CONFIG))


def config():
    return PipelineConfig.load(pulumi.Config())


def test_evaluated_twice_the_program_registers_the_same(stack, request):
    name = "prod" if stack is request.getfixturevalue("prod") else "dev"
    again = Registered(run_program(ROOT, name, FakeCloud()))
    assert inputs(again) == inputs(stack)
    assert len(inputs(again)) == len(again.deployment.resources) > 40


def test_documents_are_written_in_one_way_only(stack):
    documents = [
        text
        for resource in stack.deployment.resources
        for key, text in resource.inputs.items()
        if key.lower().endswith("policy") and isinstance(text, str)
    ]
    assert len(documents) >= 12
    for text in documents:
        assert text == json.dumps(json.loads(text), sort_keys=True)


def test_everything_stands_below_the_pipeline(stack):
    urns = {resource.urn for resource in stack.deployment.resources}
    for resource in stack.deployment.resources:
        if resource.name != "intake":
            assert resource.parent in urns, resource.name
            assert resource.name.startswith("intake-"), resource.name


def unknown_keys(value):
    if isinstance(value, dict):
        return {key for key, item in value.items() if isinstance(item, Unknown)}.union(
            *(unknown_keys(item) for item in value.values())
        )
    return set().union(*map(unknown_keys, value)) if isinstance(value, list) else set()


def test_a_first_preview_knows_all_that_does_not_depend_on_new_names(dev):
    preview = Registered(run_program(ROOT, "dev", PreviewedCloud(), preview=True))
    unknown = set().union(*(unknown_keys(resource.inputs) for resource in preview.deployment.resources))
    assert unknown == {
        *("apiId", "bucket", "function", "functionName", "logGroup", "queueUrl", "role"),
        *("destinationArn", "eventSourceArn", "integrationUri", "queueArn", "sourceArn", "target"),
        *("policy", "redriveAllowPolicy", "redrivePolicy"),
        *("ApiId", "FunctionName", "QueueName", "TableName", "alarmRule", "dashboardBody"),
        *("arn", "kmsMasterKeyId"),
        *("BUS_NAME", "DEAD_LETTER_QUEUE_URL", "EXPRESS_QUEUE_URL", "ORIGINALS_BUCKET", "QUEUE_URL"),
        *("QUOTA_TABLE_NAME", "TABLE_NAME", "VARIANTS_BUCKET"),
    }
    names = {resource.urn for resource in preview.deployment.resources}
    assert names == {resource.urn for resource in dev.deployment.resources}


def test_a_second_preview_knows_everything(dev):
    preview = Registered(run_program(ROOT, "dev", FakeCloud(), preview=True))
    assert inputs(preview) == inputs(dev)
    assert preview.deployment.outputs == dev.deployment.outputs


def test_two_pipelines_stand_in_one_stack_without_a_clash():
    def program():
        ImagePipeline("cats", config())
        ImagePipeline("dogs", config())

    both = place(program)
    names = [(resource.type, resource.name) for resource in both.deployment.resources]
    assert len(names) == len(set(names))
    assert {name.split("-")[0] for _, name in names} == {"cats", "dogs"}
    cats = both.statements(":RolePolicy", "cats-resize-permissions")
    assert "dogs" not in json.dumps(cats)


def test_a_pipeline_is_created_by_the_provider_it_is_given():
    def program():
        provider = aws.Provider("elsewhere", region="us-east-1")
        ImagePipeline("cats", config(), pulumi.ResourceOptions(provider=provider))

    created = [resource for resource in place(program).deployment.resources if resource.custom]
    assert len(created) > 30
    for resource in created:
        if resource.name != "elsewhere":
            assert "elsewhere" in resource.provider, resource.name


def test_a_pipeline_that_is_protected_as_a_whole_protects_its_data():
    def program():
        ImagePipeline("cats", config(), pulumi.ResourceOptions(protect=True))

    placed = place(program)
    for resource in [*placed.all("/bucket:Bucket"), *placed.all("/table:Table")]:
        assert resource.protect


def test_parts_of_a_pipeline_are_within_reach():
    def program():
        pipeline = ImagePipeline("cats", config())
        pulumi.export("queue", pipeline.queues.bulk.arn)
        pulumi.export("function", pipeline.worker.function.function.name)
        pulumi.export("api", pipeline.api.api.id)

    assert place(program).deployment.outputs == {
        "queue": "arn:aws:sqs:eu-central-1:123456789012:cats-uploads-0a1b2c3",
        "function": "cats-resize-0a1b2c3",
        "api": "cats-api-http-id",
    }


def test_what_the_cloud_refuses_ends_the_evaluation_and_is_not_logged_later(caplog):
    class Refusing(FakeCloud):
        def new_resource(self, args):
            if args.typ == "aws:sqs/queue:Queue":
                raise RuntimeError("no queues today")
            return super().new_resource(args)

    with pytest.raises(RuntimeError, match="no queues today"):
        run_program(ROOT, "dev", Refusing())
    gc.collect()
    assert caplog.messages == []


def test_an_output_that_fails_ends_the_evaluation():
    def program():
        table = aws.dynamodb.Table("rows", hash_key="ID", attributes=[{"name": "ID", "type": "S"}])
        table.name.apply(lambda name: {}[name])

    with pytest.raises(KeyError, match="rows-0a1b2c3"):
        place(program)


def test_an_evaluation_leaves_nothing_behind_for_the_next_one():
    def program():
        pulumi.export("once", "only")

    assert place(program).deployment.outputs == {"once": "only"}
    assert place(lambda: None).deployment.outputs == {}
