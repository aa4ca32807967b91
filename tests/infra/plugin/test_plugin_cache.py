"""The archives of a provider that runs where the engine keeps plugins: in a copy of the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from local.mock_cloud import FakeCloud
from tests.infra.plugin.engine import Refused, provider
from tests.infra.registered import ROOT

WHEEL = {
    "gift.py": "COLOUR = 'red'\n",
    "gift-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: gift\nVersion: 1\n",
    "gift-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "gift-1.dist-info/RECORD": "gift.py,,\ngift-1.dist-info/METADATA,,\ngift-1.dist-info/WHEEL,,\n",
}
LAYERS = ("resize", "vector", "api", "publish", "delivery")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def index(tmp_path):
    """A folder that pip may use in place of an index; its only package is what every layer requires."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "gift-1-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    return folder


@pytest.fixture
def installed(tmp_path, index):
    """The repository in the plugin cache, with layers that need one small package."""
    folder = tmp_path / "plugins" / "resource-image-intake-v0.1.0"
    without = shutil.ignore_patterns("__pycache__", "node_modules", ".venv")
    for name in ("plugin", "components", "handlers", "imagectl", "pricing", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    shutil.copyfile(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
    (wheel,) = index.iterdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for name in LAYERS:
        (folder / "requirements" / f"{name}.txt").write_text(f"gift==1 --hash=sha256:{digest}\n")
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def construct(installed, **environment):
    with provider(installed / "plugin", **OFFLINE, **environment) as started:
        return archives(started.construct(FakeCloud()))


def archives(constructed):
    """The places of all archives that were registered, which are there."""
    code = [Path(each.inputs["code"].path) for each in constructed.resources if "code" in each.inputs]
    assert len(code) == 7
    for path in code:
        assert zipfile.ZipFile(path).testzip() is None
    return set(code)


def test_the_archives_are_built_beside_the_components(installed, index):
    paths = construct(installed, PIP_FIND_LINKS=str(index))
    assert {path.parent for path in paths} == {installed / "build"}
    with zipfile.ZipFile(installed / "build" / "api-layer.zip") as layer:
        assert layer.read("python/gift.py") == b"COLOUR = 'red'\n"


def test_a_first_deployment_without_an_index_says_how_to_build_the_layers(installed):
    with pytest.raises(Refused) as failed:
        construct(installed)
    assert failed.value.errors == []
    said = failed.value.message
    assert said.startswith(
        "pip cannot install resize.txt for python3.13 on aarch64: No matching distribution found for gift==1;"
    )
    command = f"`{sys.executable} -m components.bundle` in {installed} needs a package index"
    assert command in said


def test_the_named_command_builds_all_that_later_deployments_need(installed, index):
    environment = {**os.environ, **OFFLINE, "PIP_FIND_LINKS": str(index)}
    command = [sys.executable, "-m", "components.bundle"]
    subprocess.run(command, cwd=installed, env=environment, check=True, capture_output=True)
    shutil.rmtree(index)
    assert len(construct(installed)) == 7


def test_once_built_the_layers_are_used_without_an_index(installed, index):
    first = construct(installed, PIP_FIND_LINKS=str(index))
    shutil.rmtree(index)
    assert construct(installed) == first


def test_two_deployments_build_at_the_same_time(installed, index):
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(construct, installed, PIP_FIND_LINKS=str(index)) for _ in range(2)]
        first, second = [each.result() for each in running]
    assert first == second
    assert {path.suffix for path in (installed / "build").iterdir()} == {".zip", ".stamp"}


def read_only(folder):
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            path.chmod(0o555)


def test_a_plugin_that_cannot_be_written_builds_in_the_cache_of_the_user(installed, index, tmp_path):
    read_only(installed)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "privileged": False}
    paths = construct(installed, PIP_FIND_LINKS=str(index), **environment)
    assert not (installed / "build").exists()
    (folder,) = {path.parent for path in paths}
    assert folder.parent == tmp_path / "cache" / "image-intake"
    shutil.rmtree(index)
    assert construct(installed, **environment) == paths


def test_archives_that_came_with_a_plugin_that_cannot_be_written_are_used(installed, index, tmp_path):
    built = construct(installed, PIP_FIND_LINKS=str(index))
    read_only(installed)
    assert construct(installed, XDG_CACHE_HOME=str(tmp_path / "cache"), privileged=False) == built
    assert not (tmp_path / "cache").exists()


def test_what_the_engine_installs_is_what_the_program_needs():
    """The language host runs `pip install -r requirements.txt` in the plugin's folder."""
    manifest = yaml.safe_load((ROOT / "plugin" / "PulumiPlugin.yaml").read_text("utf-8"))
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))
    assert manifest["runtime"] == project["runtime"]
    (line,) = (ROOT / "plugin" / "requirements.txt").read_text("utf-8").splitlines()
    assert (ROOT / "plugin" / line.removeprefix("-r ")).resolve() == ROOT / "requirements.txt"
