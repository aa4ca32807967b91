"""Which part of the project may import which."""

import ast
import sys

import pytest

from tests.infra.cloud import ROOT

CONTRACT_NAMES = (
    "hours",
    "indexes",
    "keys",
    "presets",
    "rejections",
    "routes",
    "rows",
    "scanning",
    "settings",
)
CONTRACT = {f"handlers.{name}" for name in CONTRACT_NAMES}
PURE = [
    *("batch", "colour", "completions", "decode", "encode", "events"),
    *("geometry", "images", "indexes", "placeholder", "scanning"),
]
AWS = {"boto3", "botocore", "aws_lambda_powertools"}


def imports(path):
    """The modules that a file imports, as dotted names, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module)
            if node.module == "handlers":
                found |= {f"handlers.{alias.name}" for alias in node.names}
                found.discard("handlers")
    return found


def top(modules):
    return {module.split(".")[0] for module in modules}


def files(folder):
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in found]


@pytest.mark.parametrize("path", files("handlers"))
def test_handlers_never_import_infrastructure(path):
    assert not top(imports(path)) & {"components", "pulumi", "pulumi_aws", "local", "imagectl", "tests"}


@pytest.mark.parametrize("path", files("components"))
def test_components_import_the_contract_of_the_handlers_and_pulumi(path):
    modules = imports(path)
    assert {module for module in modules if module.startswith("handlers")} <= CONTRACT
    allowed = {"components", "handlers", "pulumi", "pulumi_aws", "yaml"} | sys.stdlib_module_names
    assert top(modules) <= allowed


def test_the_program_imports_components():
    assert top(imports(ROOT / "__main__.py")) == {"components", "pulumi"}


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_nothing_of_aws(name):
    assert not top(imports(ROOT / "handlers" / f"{name}.py")) & AWS


@pytest.mark.parametrize("name", sorted(module.removeprefix("handlers.") for module in CONTRACT))
def test_the_contract_needs_nothing_but_python(name):
    modules = imports(ROOT / "handlers" / f"{name}.py")
    assert {module for module in modules if module.startswith("handlers")} <= CONTRACT
    assert top(modules) <= {"handlers"} | sys.stdlib_module_names


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "util", "helpers", "common", "misc"}
    folders = ("components", "handlers", "local", "tests")
    modules = {path.stem for folder in folders for path in (ROOT / folder).rglob("*.py")}
    assert not drawers & modules
