"""The programs of plugin/examples/, checked against the SDKs that `pulumi package add` makes of the schema.

They run against a stand-in for the engine, and the provider takes what they pass to it. The generator of SDKs
is a Go program; `make test-infra` installs what the TypeScript program is checked with.
"""

import json
import re
import shutil

import pytest
import yaml

from components.bundle import SKIP_LAYERS
from local.mock_cloud import FakeCloud
from plugin.schema import TOKEN
from tests.infra.plugin.engine import output, provider
from tests.infra.plugin.example_projects import (
    EXAMPLES,
    FASTER,
    GENERATOR,
    Go,
    Python,
    TypeScript,
    missing,
    run,
)
from tests.infra.plugin.program_engine import Engine, Monitor, program_engine
from tests.infra.registered import ROOT

SCHEMA = ROOT / "plugin" / "schema.json"
COMPONENT = json.loads(SCHEMA.read_text("utf-8"))["resources"][TOKEN]
ACCOUNT = "123456789012"
OTHER_STACKS = {
    "clientId": "client",
    "issuer": "https://example.com/issuer",
    "kmsKeyArn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
}
CONFIG = {
    "gallery": "https://gallery.example.com",
    "identityStack": "shop/identity/dev",
    "onCall": "on-call@example.com",
    "securityStack": "shop/security/dev",
    "webhook": "https://example.com/images",
    "webhookSecret": "sixteen-letters-or-more",
}


@pytest.fixture(scope="module")
def sdks(tmp_path_factory):
    """A folder with the SDK of each language."""
    if shutil.which("go") is None:
        missing("the SDKs are generated with Go, which is not installed")
    folder = tmp_path_factory.mktemp("sdks")
    program = folder / "sdk_generator"
    built = run("go", "build", *FASTER, "-o", program, ".", cwd=GENERATOR)
    if built.returncode != 0:
        missing(f"the generator of SDKs cannot be built: {built.stdout}")
    generated = run(program, SCHEMA, folder)
    assert generated.returncode == 0, generated.stdout
    return folder


@pytest.fixture(scope="module", params=[TypeScript, Go, Python], ids=["typescript", "go", "python"])
def project(request, sdks, tmp_path_factory):
    sdk = sdks / {"typescript": "nodejs"}.get(request.param.language, request.param.language)
    return request.param(tmp_path_factory.mktemp("example"), sdk)


def constructed(name, inputs):
    with provider(**{SKIP_LAYERS: "1"}) as started:
        return started.construct(FakeCloud(), name=name, inputs=inputs)


def test_a_program_type_checks_and_the_provider_takes_what_it_passes(project):
    printed, content = project.check(project.text)
    assert content, printed
    declared = yaml.safe_load((project.folder / "Pulumi.yaml").read_text("utf-8"))
    config = {key: CONFIG[key] for key in declared.get("config", {})}
    outputs = {name: f"the {name}" for name in COMPONENT["properties"]}
    monitor, engine = Monitor(outputs, OTHER_STACKS, ACCOUNT), Engine()
    with program_engine(monitor, engine, declared["name"], config) as environment:
        ran = project.start(environment)
    assert (ran.returncode, engine.messages) == (0, []), ran.stdout
    assert "the apiUrl" in monitor.stack_outputs.values()
    ((name, inputs),) = monitor.pipelines.items()
    assert constructed(name, inputs).state["apiUrl"]


@pytest.mark.parametrize("place", ["input", "output"])
def test_a_property_that_does_not_exist_is_found(project, place):
    used = getattr(project, f"{place}_used")
    assert used in project.text
    printed, content = project.check(project.text.replace(used, f"{used}Xyz"))
    assert not content
    assert f"{used}Xyz" in printed


def test_the_sdks_are_those_of_the_cli_or_a_newer_one():
    def version(path, pattern):
        (found,) = re.findall(rf"{pattern}([0-9.]+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        return tuple(map(int, found.split(".")))

    cli = version(".github/actions/pulumi/action.yml", "pulumi-version: ")
    generator = version(f"{GENERATOR}/go.mod", "pulumi/pkg/v3 v")
    assert cli <= generator == version(f"{EXAMPLES}/go/go.mod", "pulumi/sdk/v3 v")


def wrong_in_yaml(program):
    """What of a YAML program does not fit the schema: a sentence for each."""
    resources, known = program["resources"], {"pulumi"}
    known |= set(resources) | set(program.get("variables", {})) | set(program["config"])
    ours = {
        name: resource
        for name, resource in resources.items()
        if resource["type"].replace(":index:", ":") == TOKEN.replace(":index:", ":")
    }
    for name, resource in ours.items():
        for key, value in resource["properties"].items():
            if key not in COMPONENT["inputProperties"]:
                yield f"{name} has no input {key}"
            elif not fits(value, COMPONENT["inputProperties"][key], resources):
                yield f"{name}.{key} cannot be {value}"
    for reference in re.findall(r"\$\{([^}]+)\}", json.dumps(program)):
        name, *path = reference.split(".")
        if name not in known:
            yield f"{reference} is not declared"
        elif name in ours and path[:1] and path[0] not in COMPONENT["properties"]:
            yield f"{name} has no output {path[0]}"
    yield from (
        f"{name} needs {key}"
        for name, resource in ours.items()
        for key in COMPONENT.get("requiredInputs", [])
        if key not in resource["properties"]
    )


def fits(value, schema, resources):
    """Whether a value is of a type of the schema. What refers to a resource is not plain."""
    reference = re.fullmatch(r"\$\{(\w+).*\}", value) if isinstance(value, str) else None
    if reference:
        return reference[1] not in resources or not schema.get("plain")
    if schema["type"] == "array":
        return isinstance(value, list) and all(fits(each, schema["items"], resources) for each in value)
    if isinstance(value, bool) or schema["type"] == "boolean":
        return isinstance(value, bool) and schema["type"] == "boolean"
    return isinstance(value, {"string": str, "integer": int, "number": int | float}[schema["type"]])


@pytest.fixture
def yaml_program():
    return yaml.safe_load((EXAMPLES / "yaml" / "Pulumi.yaml").read_text("utf-8"))


def test_the_yaml_program_fits_the_schema(yaml_program):
    assert list(wrong_in_yaml(yaml_program)) == []


def test_what_does_not_fit_the_schema_is_found(yaml_program):
    properties = yaml_program["resources"]["articles"]["properties"]
    properties |= {"preset": [], "page": "yes", "maxConcurrency": True, "apiDomain": "${editors.name}"}
    properties["alarmEmails"].append("${nobody}")
    yaml_program["outputs"]["apiUrl"] = "${articles.url}"
    assert list(wrong_in_yaml(yaml_program)) == [
        "articles has no input preset",
        "articles.page cannot be yes",
        "articles.maxConcurrency cannot be True",
        "articles.apiDomain cannot be ${editors.name}",
        "nobody is not declared",
        "articles has no output url",
    ]


def test_the_provider_takes_what_the_yaml_program_passes(yaml_program):
    role = output(f"arn:aws:iam::{ACCOUNT}:role/editors")
    values = {"${editors.arn}": role, **{f"${{{key}}}": value for key, value in CONFIG.items()}}

    def evaluated(value):
        if isinstance(value, list):
            return [evaluated(each) for each in value]
        return values.get(value, value)

    properties = yaml_program["resources"]["articles"]["properties"]
    made = constructed("articles", {key: evaluated(value) for key, value in properties.items()})
    for name in re.findall(r"\$\{articles\.(\w+)\}", json.dumps(yaml_program)):
        assert made.state[name]
