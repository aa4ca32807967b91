"""The programs of plugin/examples/, checked against the SDKs that `pulumi package add` makes of the schema.

The generator of SDKs is a Go program. `make test-infra` installs what the TypeScript program is checked with.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from plugin.schema import PACKAGE, TOKEN
from tests.infra.registered import ROOT

HERE = Path(__file__).parent
EXAMPLES = ROOT / "plugin" / "examples"
SCHEMA = ROOT / "plugin" / "schema.json"
COMPONENT = json.loads(SCHEMA.read_text("utf-8"))["resources"][TOKEN]
GENERATOR = HERE / "sdk_generator"
NODE_PACKAGES = HERE / "typescript" / "node_modules"
SDK = Path("sdks") / PACKAGE
# No optimisation, nothing for a debugger.
FASTER = ("-gcflags=all=-N -l", "-ldflags=-s -w")


def missing(what):
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def run(*command, cwd=None, **environment):
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


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


class Project:
    """A copy of an example, with the SDK where `pulumi install` puts it."""

    language: str
    program: str
    input_used: str
    output_used: str

    def __init__(self, folder, sdk):
        local = shutil.ignore_patterns("sdks", "node_modules", "bin", ".venv")
        self.folder = shutil.copytree(EXAMPLES / self.language, folder / self.language, ignore=local)
        shutil.copytree(sdk, self.folder / SDK)
        self.text = (self.folder / self.program).read_text("utf-8")
        self.install()

    def install(self):
        pass

    def check(self, text):
        """Check another text of the program. What the type checker prints, and whether it is content."""
        (self.folder / self.program).write_text(text, "utf-8")
        ran = self.type_check()
        return ran.stdout, ran.returncode == 0


class TypeScript(Project):
    language, program = "typescript", "index.ts"
    input_used, output_used = "apiAuth", "variantsBucketArn"
    compiler = NODE_PACKAGES / ".bin" / "tsc"

    def install(self):
        if shutil.which("node") is None:
            missing("the TypeScript program is checked with Node, which is not installed")
        if not NODE_PACKAGES.is_dir():
            missing("what checks the TypeScript program is not installed: make test-infra")
        name = json.loads((self.folder / SDK / "package.json").read_text("utf-8"))["name"]
        package = json.loads((self.folder / "package.json").read_text("utf-8"))
        assert package["dependencies"][name] == f"file:{SDK}"
        packages = self.folder / "node_modules"
        (packages / "@pulumi").mkdir(parents=True)
        (packages / name).symlink_to(self.folder / SDK)
        for other in ("@types", "@pulumi/pulumi"):
            (packages / other).symlink_to(NODE_PACKAGES / other)
        # As the SDK's own installation does: programs import what it compiles.
        compiled = run(self.compiler, cwd=self.folder / SDK)
        assert compiled.returncode == 0, compiled.stdout

    def type_check(self):
        return run(self.compiler, "--noEmit", cwd=self.folder)


class Go(Project):
    language, program = "go", "main.go"
    input_used, output_used = "MaxConcurrency", "DeliveryUrl"

    def install(self):
        # The versions that the generator is built with, of which most is compiled already.
        (go,) = re.findall("^go .*", (GENERATOR / "go.mod").read_text("utf-8"), re.MULTILINE)
        (self.folder / "go.work").write_text(f"{go}\nuse (\n.\n./{SDK}\n{GENERATOR}\n)\n", "utf-8")

    def type_check(self):
        workspace = str(self.folder / "go.work")
        return run("go", "build", *FASTER, "-o", "program", ".", cwd=self.folder, GOWORK=workspace)


class Python(Project):
    language, program = "python", "__main__.py"
    input_used, output_used = "originals_expire_days", "variants_bucket_arn"

    def install(self):
        assert str(SDK) in (self.folder / "requirements.txt").read_text("utf-8").splitlines()
        # The options of this project, whose cache has what takes long: pulumi_aws. The SDK is not strict.
        options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
        own = {key: options[key] for key in ("python_version", "strict", "warn_unreachable")}
        lines = ["[mypy]", f"mypy_path = {self.folder / SDK}"]
        lines += [f"{key} = {value}" for key, value in own.items()]
        lines += ["[mypy-pulumi_image_intake.*]", "follow_imports = silent", ""]
        (self.folder / "mypy.ini").write_text("\n".join(lines), "utf-8")

    def type_check(self):
        mypy = (sys.executable, "-m", "mypy", "--config-file", "mypy.ini")
        return run(*mypy, "--cache-dir", ROOT / ".mypy_cache", self.program, cwd=self.folder)


@pytest.fixture(scope="module", params=[TypeScript, Go, Python], ids=["typescript", "go", "python"])
def project(request, sdks, tmp_path_factory):
    sdk = sdks / {"typescript": "nodejs"}.get(request.param.language, request.param.language)
    return request.param(tmp_path_factory.mktemp("example"), sdk)


def test_a_program_type_checks(project):
    printed, content = project.check(project.text)
    assert content, printed


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
