import json

import pytest

from audit import LAYERS, ROOT, AuditError, sbom
from components import bundle


def layer(name):
    return ROOT / "requirements" / f"{name}.txt"


@pytest.fixture(scope="module")
def bills(tools, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bills") / "new"
    for name in LAYERS:
        sbom.write(layer(name), folder / f"{name}.json")
    return folder


@pytest.mark.parametrize("name", LAYERS)
def test_the_bill_of_a_layer_lists_exactly_the_packages_that_are_pinned_for_it(name, bills):
    bill = bills / f"{name}.json"
    assert sbom.components(bill) == sbom.pinned(layer(name))
    assert {"aws-lambda-powertools", "pyvips-binary"} & set(sbom.components(bill))
    document = json.loads(bill.read_text("utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    assert {component["purl"].partition("@")[0] for component in document["components"]} == {
        f"pkg:pypi/{package}" for package in sbom.pinned(layer(name))
    }


def test_the_same_requirements_make_the_same_bill(bills, tmp_path):
    sbom.write(layer("api"), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (bills / "api.json").read_bytes()


@pytest.mark.parametrize("name", LAYERS)
def test_every_pin_of_a_layer_is_in_it_whatever_the_platform(name):
    pins = [line for line in layer(name).read_text("utf-8").splitlines() if "==" in line]
    assert len(pins) == len(sbom.pinned(layer(name)))
    assert not [line for line in pins if ";" in line]


def test_every_layer_of_the_bundle_has_a_bill():
    assert set(LAYERS) == {layer for layers in bundle.LAYERS.values() for layer in layers}


def test_pins_are_read_with_normalised_names(tmp_path):
    path = tmp_path / "pins.txt"
    path.write_text(
        "# via x\nTyping_Extensions==4.16.0 \\\n    --hash=sha256:aa\n    # via a==1\n"
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:bb\n",
        "utf-8",
    )
    assert sbom.pinned(path) == {"typing-extensions": "4.16.0", "colorama": "0.4.6"}


def test_a_bill_that_leaves_a_package_out_is_an_error(tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("pillow==13.0.0 \\\n    --hash=sha256:aa\n", "utf-8")
    tool = tmp_path / "cyclonedx"
    tool.write_text('#!/bin/sh\necho \'{"components": []}\' > "$5"\n', "utf-8")
    tool.chmod(0o755)
    with pytest.raises(AuditError, match=r"bom.json and pins.txt do not agree about pillow\."):
        sbom.write(pins, tmp_path / "bom.json", tool)
