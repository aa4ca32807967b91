"""The wheel holds what `imagectl` imports, from its entry point on, and nothing else."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from setuptools import Distribution
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, SETUPTOOLS = PYPROJECT["project"], PYPROJECT["tool"]["setuptools"]
OURS = {"handlers", "imagectl", "pricing"}
# What a dependency brings along and is imported by its own name.
BROUGHT_ALONG = {"botocore"}


def file_of(module):
    """The file of one of our modules or packages; None if the name is something else."""
    path = ROOT / module.replace(".", "/")
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((each for each in found if each.is_file()), None)


def imports(path):
    """Every module that a file imports, wherever it does, except those that only type checkers see."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for block in [node for node in ast.walk(tree) if isinstance(node, ast.If)]:
        if ast.unparse(block.test) == "TYPE_CHECKING":
            block.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reached(*modules):
    """These modules of ours, and those that they import, with the packages that hold them."""
    found, left = set(), list(modules)
    while left:
        module = left.pop()
        if module.split(".")[0] in OURS and module not in found and file_of(module):
            found.add(module)
            left += [module.rpartition(".")[0], *imports(file_of(module))]
    return found


@pytest.fixture
def shipped(monkeypatch):
    """The modules that setuptools puts into the wheel."""
    monkeypatch.chdir(ROOT)
    distribution = Distribution({"script_name": "setup.py"})
    distribution.parse_config_files(["pyproject.toml"])
    command = build_py(distribution)
    command.finalize_options()
    return {
        package if module == "__init__" else f"{package}.{module}"
        for package, module, _ in command.find_all_modules()
    }


def test_the_wheel_ships_exactly_what_imagectl_imports(shipped):
    [entry_point] = PROJECT["scripts"].values()
    assert shipped == reached(entry_point.partition(":")[0], "imagectl.__main__")


def test_nothing_in_the_wheel_renders(shipped):
    imported = {name.split(".")[0] for module in shipped for name in imports(file_of(module))}
    assert not [module for module in shipped if "rendering" in module]
    assert not imported & {"PIL", "pillow_heif", "pulumi", "pulumi_aws"}


def test_what_the_wheel_imports_is_ours_pythons_or_a_declared_dependency(shipped):
    declared = {each.partition(">")[0] for each in PROJECT["dependencies"]} | BROUGHT_ALONG
    needed = {name.split(".")[0] for module in shipped for name in imports(file_of(module))}
    assert needed - OURS - sys.stdlib_module_names == declared


def test_the_wheel_ships_the_data_beside_the_modules(shipped):
    folders = {file_of(module).parent for module in shipped}
    data = {path for folder in folders for path in folder.iterdir() if path.suffix not in {".py", ""}}
    declared = SETUPTOOLS["package-data"].items()
    assert {ROOT / package.replace(".", "/") / name for package, names in declared for name in names} == data
