"""Which room of the project may import which: rules about folders, not about names."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.infra.registered import ROOT

CONTRACT, STORAGE, RENDERING = "handlers.contract", "handlers.storage", "handlers.rendering"
ROOMS = {
    "handlers/contract": {CONTRACT},
    "handlers/storage": {CONTRACT, STORAGE},
    "handlers/rendering": {CONTRACT, RENDERING},
    "handlers/resize": {CONTRACT, STORAGE, RENDERING, "handlers.resize"},
    "handlers/api": {CONTRACT, STORAGE, "handlers.api"},
    "handlers/publish": {CONTRACT, STORAGE, "handlers.publish"},
    "handlers/delivery": {CONTRACT, STORAGE, "handlers.delivery"},
    "components": {CONTRACT, "components", "pricing"},
    "imagectl": {CONTRACT, STORAGE, "handlers.publish", "imagectl", "pricing"},
    "pricing": {"pricing"},
    "plugin": {"components", "imagectl", "plugin"},
}
FOLDERS = ("bench", "components", "docs", "handlers", "imagectl", "local", "plugin", "policies", "pricing")
OURS = {*FOLDERS, ".ci", "tests"}
AWS = {"boto3", "botocore", "aws_lambda_powertools"}
PURE = [
    "handlers/resize/message_batch.py",
    "handlers/resize/malware_verdict.py",
    "handlers/publish/completion_events.py",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "handlers/rendering").rglob("*.py"))),
]


def imports(path, *, at_run_time=False):
    """The modules that a file imports, as dotted names, wherever in the file it does."""
    tree = ast.parse(path.read_text("utf-8"))
    if at_run_time:
        tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            inside = {name for name in modules if exists(name)}
            found |= inside
            if len(inside) < len(modules):
                found.add(node.module)
    return found


def exists(module):
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


def top(modules):
    return {module.split(".")[0] for module in modules}


def within(module, rooms):
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def files(folder):
    # What the CLI or npm installs beside a program is not ours.
    installed = {".venv", "node_modules", "sdks"}
    found = sorted(
        path for path in (ROOT / folder).rglob("*.py") if not installed & set(path.parts[len(ROOT.parts) :])
    )
    assert found
    return found


def named(paths):
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in paths]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param(path, allowed, id=path.relative_to(ROOT).as_posix())
        for room, allowed in ROOMS.items()
        for path in files(room)
    ],
)
def test_a_room_imports_the_rooms_below_it_and_no_others(path, allowed):
    ours = {module for module in imports(path) if top([module]) & OURS}
    assert {module for module in ours if not within(module, allowed)} == set()


def test_every_module_of_the_handlers_is_in_a_room():
    rooms = {path.parent.name for path in (ROOT / "handlers").glob("*/__init__.py")}
    assert {f"handlers/{room}" for room in rooms} == {room for room in ROOMS if room.startswith("handlers/")}
    assert [path.name for path in (ROOT / "handlers").glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("path", named(files("handlers/contract")))
def test_the_contract_needs_nothing_but_python(path):
    assert top(imports(path)) <= {"handlers"} | sys.stdlib_module_names


@pytest.mark.parametrize("path", named(files("components")))
def test_components_need_nothing_but_pulumi_and_the_contract(path):
    allowed = {"components", "handlers", "pricing", "pulumi", "pulumi_aws", "yaml"}
    assert top(imports(path)) <= allowed | sys.stdlib_module_names


def test_the_program_imports_components():
    assert top(imports(ROOT / "__main__.py")) == {"components", "pulumi"}


@pytest.mark.parametrize("path", PURE)
def test_pure_modules_know_nothing_of_aws(path):
    assert not top(imports(ROOT / path)) & AWS


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_outside_the_tests_imports_from_them(folder):
    assert [path for path in files(folder) if "tests" in top(imports(path))] == []


@pytest.mark.parametrize("folder", ["handlers", "components", "imagectl", "local"])
def test_modules_import_each_other_in_no_circle(folder):
    graph = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): imports(path, at_run_time=True)
        for path in files(folder)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert not drawers & {path.stem for folder in (*FOLDERS, "tests") for path in files(folder)}
