import hashlib
import zipfile
from pathlib import Path

import pytest

from components import bundle
from components.bundle import BundleError, dependencies, layer_archive
from tests.infra.registered import ROOT

WHEEL = {
    "gift.py": "COLOUR = 'red'\n",
    "gift-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: gift\nVersion: 1\n",
    "gift-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "gift-1.dist-info/RECORD": "gift.py,,\ngift-1.dist-info/METADATA,,\ngift-1.dist-info/WHEEL,,\n",
}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "resize.txt").write_text("")
    return tmp_path


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "gift-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    return path


def require(project, wheel, *options):
    line = " ".join([f"gift @ {wheel.as_uri()}", *options])
    (project / "requirements" / "resize.txt").write_text(f"{line}\n")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_layer_holds_the_wheels_of_its_requirements_where_lambda_looks_for_them(project, wheel):
    require(project, wheel, f"--hash=sha256:{sha256(wheel)}")
    with zipfile.ZipFile(layer_archive("resize", project)) as layer:
        assert layer.read("python/gift.py") == b"COLOUR = 'red'\n"


@pytest.mark.parametrize("options", [[], [f"--hash=sha256:{'0' * 64}"]], ids=["no hash", "another hash"])
def test_a_wheel_that_is_not_the_pinned_one_is_refused(project, wheel, options):
    require(project, wheel, *options)
    with pytest.raises(BundleError, match=r"(?i)hash"):
        layer_archive("resize", project)


def test_what_pip_notes_about_this_machine_stays_out_of_a_layer(project, monkeypatch):
    noise = ["bin/tool", "x-1.dist-info/RECORD", "x-1.dist-info/direct_url.json", "x/__pycache__/a.pyc"]
    kept = ["x/__init__.py", "x-1.dist-info/METADATA", "x/RECORD"]

    def install(requirements, folder):
        for name in noise + kept:
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).touch()

    monkeypatch.setattr(dependencies, "_pip_install", install)
    with zipfile.ZipFile(layer_archive("resize", project)) as archive:
        assert sorted(archive.namelist()) == sorted(f"python/{name}" for name in kept)


def test_a_failing_pip_is_reported_in_one_sentence(project):
    (project / "requirements" / "resize.txt").write_text("gift==1 --hash=sha256:zero\n")
    with pytest.raises(BundleError) as failed:
        layer_archive("resize", project)
    sentence = str(failed.value)
    assert sentence.startswith("pip cannot install resize.txt for python3.13 on aarch64: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not (project / "build" / "resize-layer.zip").exists()


def test_the_layers_hold_wheels_for_the_runtime_of_the_functions():
    with zipfile.ZipFile(layer_archive("resize")) as archive:
        names = archive.namelist()
    assert "python/PIL/_imaging.cpython-313-aarch64-linux-gnu.so" in names
    assert "python/aws_lambda_powertools/__init__.py" in names
    assert not [name for name in names if name.endswith((".pyc", "/RECORD"))]
    assert not [name for name in names if "x86_64" in name]


def test_a_run_without_an_engine_names_layers_but_does_not_build_them(dev, tmp_path, monkeypatch):
    monkeypatch.setenv(bundle.SKIP_LAYERS, "1")
    assert layer_archive("resize", tmp_path) == tmp_path / "build" / "resize-layer.zip"
    assert not (tmp_path / "build").exists()
    code = dev.one(":LayerVersion", "intake-resize-layer").inputs["code"]
    assert code.path == str(ROOT / "build" / "resize-layer.zip")
