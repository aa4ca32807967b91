from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.settings import ApiSettings, ResizeSettings, SettingsError, load, variables
from tests.unit.resize_environment import api_settings, delivery_settings, publish_settings, resize_settings


class Output:
    """What infrastructure hands over for a value that is known only after deployment."""


ALL = pytest.mark.parametrize(
    "settings",
    [resize_settings(), api_settings(), publish_settings(), delivery_settings()],
    ids=["resize", "api", "publish", "delivery"],
)


@ALL
def test_settings_survive_the_way_through_the_environment(settings):
    environment = variables(type(settings), settings)
    assert all(type(value) is str for value in environment.values())
    assert load(type(settings), environment) == settings


@ALL
def test_every_field_travels_under_its_name_in_capitals(settings):
    environment = variables(type(settings), settings)
    assert set(environment) == {field.name.upper() for field in fields(settings)}


@given(st.lists(st.text(), max_size=4), st.integers())
def test_any_preset_lines_and_numbers_survive(lines, number):
    settings = resize_settings(presets=tuple(lines), max_pixels=number)
    assert load(ResizeSettings, variables(ResizeSettings, settings)) == settings


def test_values_that_are_not_known_yet_pass_through_as_they_are():
    output = Output()
    written = variables(ApiSettings, api_settings(), table_name=output)
    assert written["TABLE_NAME"] is output


@ALL
def test_other_variables_of_the_environment_do_not_matter(settings):
    environment = variables(type(settings), settings) | {"PATH": "/bin"}
    assert load(type(settings), environment) == settings


@ALL
def test_a_missing_variable_is_named(settings):
    for field in fields(settings):
        environment = variables(type(settings), settings)
        del environment[field.name.upper()]
        with pytest.raises(
            SettingsError, match=rf"{type(settings).__name__}.*\b{field.name.upper()} is not set"
        ):
            load(type(settings), environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_PIXELS", "many"),
        ("MAX_PIXELS", ""),
        ("MAX_PIXELS", "1.5"),
        ("PRESETS", "thumbnail 128x128 cover jpeg"),
        ("PRESETS", '"text"'),
        ("PRESETS", "[1]"),
        ("PRESETS", "{}"),
        ("PRESETS", ""),
    ],
)
def test_a_malformed_variable_is_named(name, value):
    environment = variables(ResizeSettings, resize_settings()) | {name: value}
    with pytest.raises(SettingsError, match=f"{name} is malformed"):
        load(ResizeSettings, environment)


def test_infrastructure_that_forgets_a_field_is_told_which():
    values = asdict(api_settings())
    del values["url_seconds"]
    with pytest.raises(SettingsError, match=r"missing \['url_seconds'\]"):
        variables(ApiSettings, None, **values)


def test_infrastructure_that_gives_an_unknown_field_is_told_which():
    with pytest.raises(SettingsError, match=r"unknown \['colour'\]"):
        variables(ApiSettings, api_settings(), colour="red")


def test_the_limits_of_the_renderer_are_those_of_the_settings():
    settings = resize_settings(
        max_upload_bytes=1, max_pixels=2, max_side=3, max_frames=4, max_metadata_bytes=5
    )
    assert (
        asdict(settings.limits).items()
        >= {
            "max_bytes": 1,
            "max_pixels": 2,
            "max_side": 3,
            "max_frames": 4,
            "max_metadata_bytes": 5,
        }.items()
    )
