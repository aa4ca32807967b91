import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from components import bundle
from components.bundle import ROOMS, BundleError, code_archive, dependencies, layer_archive
from components.bundle.zip_file import write_archive
from tests.infra.registered import ROOT

BUILD = """
import sys
from pathlib import Path
from components.bundle import code_archive, dependencies, layer_archive

def install(requirements, folder):
    for name in sys.argv[1].split(","):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())

dependencies._pip_install = install
code_archive("resize", Path.cwd())
layer_archive("resize", Path.cwd())
"""
INSTALLED = ["PIL/Image.py", "PIL/_imaging.so", "pillow-1.dist-info/METADATA", "pillow.libs/libjpeg.so"]


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path / "project")


def copy_project(folder, reverse=False):
    folder.mkdir(parents=True)
    paths = sorted(path for path in (ROOT / "handlers").rglob("*.*") if path.suffix != ".pyc")
    paths.sort(reverse=reverse)
    for path in [*paths, ROOT / "requirements" / "resize.txt"]:
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        os.utime(target, (1_000_000_000 + len(str(folder)),) * 2)
    return folder


def start(folder, installed=INSTALLED, **environment):
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    umask = int(environment.get("UMASK", "022"), 8)
    command = [sys.executable, "-c", BUILD, ",".join(installed)]
    return subprocess.Popen(command, cwd=folder, env=variables, umask=umask)


def build(folder, **conditions):
    with start(folder, **conditions) as process:
        assert process.wait() == 0
    return digests(folder)


def digests(folder):
    archives = sorted((folder / "build").glob("*.zip"))
    assert len(archives) == 2
    return [hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives]


def test_archives_are_the_same_bytes_wherever_and_however_they_are_built(tmp_path):
    here = build(copy_project(tmp_path / "here"), TZ="UTC", LC_ALL="C", UMASK="022")
    there = build(
        copy_project(tmp_path / "quite" / "somewhere else", reverse=True),
        installed=INSTALLED[::-1],
        TZ="Pacific/Kiritimati",
        LC_ALL="tr_TR.UTF-8",
        UMASK="077",
        PYTHONHASHSEED="42",
    )
    assert here == there


def test_builds_at_the_same_time_do_not_disturb_each_other(project, tmp_path):
    processes = [start(project) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert digests(project) == build(copy_project(tmp_path / "alone"))
    assert {path.suffix for path in (project / "build").iterdir()} == {".zip", ".stamp"}


def test_an_archive_can_be_read_by_everyone_and_holds_no_date_of_its_own(tmp_path):
    write_archive(tmp_path / "a.zip", {"b.py": b"2", "a/c.py": b"1"})
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entries = archive.infolist()
        assert archive.read("b.py") == b"2"
    assert [entry.filename for entry in entries] == ["a/c.py", "b.py"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


def test_an_archive_appears_all_at_once_or_not_at_all(tmp_path):
    target = tmp_path / "a.zip"
    write_archive(target, {"a.py": b"1"})
    with pytest.raises(TypeError):
        write_archive(target, {"a.py": b"2", "b.py": None})
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert zipfile.ZipFile(target).read("a.py") == b"1"


@pytest.mark.parametrize("name", ROOMS)
def test_an_archive_holds_the_rooms_of_its_function_and_nothing_else(project, name):
    (project / "handlers" / "contract" / "__pycache__").mkdir()
    (project / "handlers" / "contract" / "__pycache__" / "keys.cpython-311.pyc").write_bytes(b"0")
    with zipfile.ZipFile(code_archive(name, project)) as archive:
        names = set(archive.namelist())
    assert f"handlers/{name}/entry_point.py" in names
    rooms = {Path(each).parts[1] for each in names - {"handlers/__init__.py"}}
    assert rooms == set(ROOMS[name])
    assert {Path(each).suffix for each in names} <= {".py", ".html", ".css", ".js", ".md"}


# Imports every module below the folders that are on its path, as a function does that needs them all.
IMPORT_ALL = """
import importlib, pkgutil, sys, handlers
for module in pkgutil.walk_packages(handlers.__path__, "handlers."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize("name", ROOMS)
def test_an_archive_holds_all_that_its_modules_import(project, name, tmp_path):
    with zipfile.ZipFile(code_archive(name, project)) as archive:
        archive.extractall(tmp_path / "unpacked")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")}
    subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=tmp_path, env=environment, check=True)


def test_a_change_of_the_page_deploys_the_api_function_and_no_other(project):
    before = {name: code_archive(name, project).read_bytes() for name in ROOMS}
    style = project / "handlers" / "api" / "page" / "base.css"
    style.write_text(style.read_text("utf-8") + "\n/* changed */\n", "utf-8")
    changed = {name for name in ROOMS if code_archive(name, project).read_bytes() != before[name]}
    assert changed == {"api"}


def count_installations(monkeypatch):
    seen = []

    def install(requirements, folder):
        seen.append(requirements.name)
        Path(folder, "module.py").write_text(requirements.read_text())

    monkeypatch.setattr(dependencies, "_pip_install", install)
    return seen


def test_a_layer_is_built_again_only_when_its_requirements_changed(project, monkeypatch):
    seen = count_installations(monkeypatch)
    first = layer_archive("resize", project).read_bytes()
    os.utime(project / "requirements" / "resize.txt", (time.time() + 60,) * 2)
    assert layer_archive("resize", project).read_bytes() == first
    assert len(seen) == 1
    (project / "requirements" / "resize.txt").write_text("pillow==99\n")
    assert layer_archive("resize", project).read_bytes() != first
    assert len(seen) == 2


def test_the_code_is_built_again_when_a_handler_changed(project):
    first = code_archive("resize", project).read_bytes()
    (project / "handlers" / "contract" / "keys.py").write_text("PREFIX = 'other/'\n")
    with zipfile.ZipFile(code_archive("resize", project)) as archive:
        assert archive.read("handlers/contract/keys.py") == b"PREFIX = 'other/'\n"
    assert code_archive("resize", project).read_bytes() != first


def test_a_damaged_archive_is_built_again(project, monkeypatch):
    seen = count_installations(monkeypatch)
    good = layer_archive("resize", project).read_bytes()
    layer_archive("resize", project).write_bytes(good[:-10])
    assert layer_archive("resize", project).read_bytes() == good
    assert len(seen) == 2


def test_an_archive_that_lambda_would_refuse_is_refused_first(project, monkeypatch):
    monkeypatch.setattr(bundle, "_MAX_BYTES", 1000)
    with pytest.raises(BundleError, match=r"^resize\.zip has [0-9]+ bytes; Lambda accepts 1000 at most\.$"):
        code_archive("resize", project)
    with pytest.raises(BundleError):
        code_archive("resize", project)
