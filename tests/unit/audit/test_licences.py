import re
from importlib.metadata import distributions

import pytest

from audit import AuditError, licences

FOUND = {"requests 2.34.2": "Apache-2.0", "attrs 26.1.0": "MIT", "Pillow 13.0.0": "MIT-CMU"}


def test_the_report_is_a_table_by_licence():
    assert licences.report(FOUND) == (
        "| licence | package |\n|---|---|\n"
        "| Apache-2.0 | requests 2.34.2 |\n| MIT | attrs 26.1.0 |\n| MIT-CMU | Pillow 13.0.0 |\n"
    )


@pytest.mark.parametrize(
    "licence",
    ["GPLv3", "GPL-2.0-or-later", "AGPL-3.0", "GNU General Public License v2 (GPLv2)", "GNU Affero General"],
)
def test_a_package_that_states_strong_copyleft_is_an_error(licence):
    with pytest.raises(AuditError, match="x 1"):
        licences.refuse_copyleft({**FOUND, "x 1": licence})


@pytest.mark.parametrize("licence", ["MIT", "MPL-2.0", "LGPL-2.1-only", "UNKNOWN"])
def test_other_licences_are_not(licence):
    licences.refuse_copyleft({**FOUND, "x 1": licence})


def test_what_a_wheel_bundles_is_accepted_of_that_package_alone():
    [(package, licence)] = licences.BUNDLED.items()
    licences.refuse_copyleft({f"{package} 1.8.1": f"BSD-3-Clause, {licence}"})
    for name, stated in ((package, "GPLv3"), (package, f"{licence}, AGPL-3.0"), ("x", licence)):
        with pytest.raises(AuditError, match=f"{name} 1"):
            licences.refuse_copyleft({f"{name} 1": stated})


def test_every_wheel_that_bundles_something_under_the_gpl_is_listed():
    # Wheels collect the licences of what they bundle in a file; `License: GPLv2` is how these name them.
    bundling = {
        found.name
        for found in distributions()
        for path in found.files or ()
        if "bundled" in path.name.lower()
        and re.search(r"^License: GPLv", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {name.replace("_", "-") for name in bundling} == set(licences.BUNDLED)


@pytest.mark.usefixtures("tools")
def test_the_licences_of_this_environment_are_found():
    found = licences.installed()
    assert any(name.startswith("pytest ") for name in found)
    [heif] = [licence for name, licence in found.items() if re.match("pillow.heif ", name)]
    assert heif == "BSD-3-Clause, GPLv2 (x265)"
    assert all(found.values())
