"""The wheel of imagectl holds what imagectl imports, and nothing else of the project."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"])


def file_of(name):
    path = ROOT.joinpath(*name.split("."))
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)


def imported(path):
    """Every name that a module may import: modules, and members that may be modules."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reachable():
    """The project's modules that imagectl imports, directly or not, and the other names it imports."""
    modules, others = {}, set()
    ours = (path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("imagectl/**/*.py"))
    waiting = [".".join(path.parts) for path in ours]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        path = file_of(name)
        if path is None:
            others.add(name.partition(".")[0])
            continue
        modules[name] = path
        waiting += imported(path)
    return modules, others


def test_the_wheel_holds_exactly_the_packages_that_imagectl_imports():
    modules, _ = reachable()
    folders = {path.parent.relative_to(ROOT) for path in modules.values()}
    folders |= {parent for folder in folders for parent in folder.parents if parent.parts}
    assert {".".join(folder.parts) for folder in folders} == PACKAGES


def test_nothing_in_the_wheel_renders():
    modules, others = reachable()
    assert not [name for name in modules if "rendering" in name]
    assert not others & {"PIL", "pillow_heif", "pulumi", "pulumi_aws"}
