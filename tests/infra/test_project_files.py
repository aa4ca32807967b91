import re
from dataclasses import fields
from typing import get_type_hints

import pytest
import yaml

from components.config.config_slice import camel_case
from components.config.pipeline_config import PipelineConfig
from local.program import load_config
from tests.infra.registered import ROOT

PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))
# Keys of other namespaces are the engine's.
SETTINGS = {key: schema for key, schema in PROJECT["config"].items() if ":" not in key}
TYPES = {"string": str, "integer": int, "boolean": bool, "array": tuple[str, ...]}


def test_the_schema_declares_exactly_the_fields_of_the_configuration():
    declared = {key: TYPES[schema["type"]] for key, schema in SETTINGS.items()}
    hints = get_type_hints(PipelineConfig)
    assert declared == {camel_case(field.name): hints[field.name] for field in fields(PipelineConfig)}


def test_every_key_is_described_and_has_a_default_of_its_type():
    for key, schema in SETTINGS.items():
        assert schema["description"], key
        kind = TYPES[schema["type"]]
        assert isinstance(schema["default"], list if kind == tuple[str, ...] else kind), key
        if schema["type"] == "array":
            assert schema["items"] == {"type": "string"}, key


def test_the_description_of_a_number_states_the_bounds_that_are_enforced():
    hints = get_type_hints(PipelineConfig, include_extras=True)
    bounded = 0
    for field in fields(PipelineConfig):
        for bound in getattr(hints[field.name], "__metadata__", ()):
            if hasattr(bound, "low"):
                description = PROJECT["config"][camel_case(field.name)]["description"]
                numbers = [int(number) for number in re.findall("[0-9]+", description)]
                assert {bound.low, bound.high} <= set(numbers) or bound.low == 0, field.name
                assert bound.high in numbers, field.name
                bounded += 1
    assert bounded > 20


def test_defaults_stand_in_the_project_file_alone():
    assert not [field.name for field in fields(PipelineConfig) if field.default != field.default_factory]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_file_sets_only_keys_that_are_declared(stack):
    values = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    own = {key.removeprefix("image-intake:") for key in values if key.startswith("image-intake:")}
    assert own <= set(PROJECT["config"])
    assert values["aws:defaultTags"]["tags"]["Stack"] == stack


def test_production_is_stricter_than_development():
    dev, prod = load_config(ROOT, "dev"), load_config(ROOT, "prod")
    assert (dev["image-intake:protect"], prod["image-intake:protect"]) == ("false", "true")
    for key in ("logRetentionDays", "queueRetentionDays", "oldVersionDays", "maxConcurrency"):
        assert int(prod[f"image-intake:{key}"]) > int(dev[f"image-intake:{key}"]), key
    assert "*" not in prod["image-intake:corsOrigins"]


def project(folder, stack_file, config):
    declared = {"name": "shop", "runtime": "python", "config": config}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(declared), "utf-8")
    (folder / "Pulumi.test.yaml").write_text(stack_file, "utf-8")
    return folder


def test_values_are_rendered_as_the_cli_passes_them(tmp_path):
    schema = {
        "open": {"type": "boolean", "default": False},
        "size": {"type": "integer", "default": 5},
        "names": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
        "greeting": "hello",
        "aws:region": {"value": "eu-west-1"},
    }
    stack_file = "config:\n  shop:size: 7\n  aws:defaultTags:\n    tags: {A: b}\n"
    assert load_config(project(tmp_path, stack_file, schema), "test") == {
        "shop:open": "false",
        "shop:size": "7",
        "shop:names": '["a","b"]',
        "shop:greeting": "hello",
        "aws:region": "eu-west-1",
        "aws:defaultTags": '{"tags":{"A":"b"}}',
    }


def test_a_key_without_default_or_value_is_an_error(tmp_path):
    folder = project(tmp_path, "config: {}\n", {"size": {"type": "integer"}})
    with pytest.raises(ValueError, match="stack test gives no value to shop:size, which has no default"):
        load_config(folder, "test")


def test_the_stack_file_may_be_empty(tmp_path):
    assert load_config(project(tmp_path, "", {"size": 5}), "test") == {"shop:size": "5"}


def test_physical_names_start_with_the_stack():
    assert PROJECT["config"]["pulumi:autonaming"] == {"value": {"pattern": "${stack}-${name}-${hex(7)}"}}
