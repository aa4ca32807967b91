"""docs/components.md: its programs, and its lists of inputs and outputs."""

import json
import re

import pytest
import yaml

from components.bundle import SKIP_LAYERS
from local.mock_cloud import FakeCloud
from plugin.inputs import OUTPUTS
from plugin.schema import TOKEN
from tests.infra.plugin.engine import output, provider
from tests.infra.registered import ROOT

TEXT = (ROOT / "docs" / "components.md").read_text("utf-8")
COMPONENT = json.loads((ROOT / "plugin" / "schema.json").read_text("utf-8"))["resources"][TOKEN]


def program(language):
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture
def documented():
    """The inputs of the TypeScript program, in which a key's ARN is an output."""
    pattern = r'new ImagePipeline\("photos", (\{.*?^\})\);'
    (block,) = re.findall(pattern, program("typescript"), re.MULTILINE | re.DOTALL)
    literal = re.sub(r"^    (\w+):", r'"\1":', block, flags=re.MULTILINE).replace("key.arn", '"ARN"')
    return yaml.safe_load(literal)


def test_the_yaml_program_is_constructed():
    written = yaml.safe_load(program("yaml"))
    (resource,) = written["resources"].values()
    assert resource["type"].replace(":", ":index:") == TOKEN
    with provider(**{SKIP_LAYERS: "1"}) as started:
        made = started.construct(FakeCloud(), name="photos", inputs=resource["properties"])
    for value in written["outputs"].values():
        (name,) = re.fullmatch(r"\$\{photos\.(\w+)\}", value).groups()
        assert made.state[name]


def test_the_typescript_program_is_constructed(documented):
    key = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    with provider(**{SKIP_LAYERS: "1"}) as started:
        made = started.construct(FakeCloud(), inputs={**documented, "kmsKey": output(key)})
    assert made.state["kmsKeyArn"] == key
    for name in re.findall(r"= photos\.(\w+);", program("typescript")):
        assert made.state[name]


def test_both_programs_say_the_same(documented):
    (resource,) = yaml.safe_load(program("yaml"))["resources"].values()
    assert {**resource["properties"], "kmsKey": "ARN"} == documented


def test_the_inputs_that_may_be_outputs_are_listed():
    (listed,) = re.findall(r"^These may be outputs(.*?)\. A preview", TEXT, re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == sorted(OUTPUTS)


def test_the_outputs_that_it_names_exist():
    section = TEXT.partition("## Outputs")[2].partition("## ")[0]
    names = set(re.findall(r"\{(\w+)\}", section)) | set(re.findall(r"`(\w+(?:Arn|Name|Target))`", section))
    assert len(names) > 5
    assert names <= set(COMPONENT["properties"])
    assert set(COMPONENT["properties"]) - set(COMPONENT["required"]) == {
        "apiDomainTarget",
        "kmsKeyArn",
        *(name for name in COMPONENT["properties"] if name.startswith("delivery")),
    }
