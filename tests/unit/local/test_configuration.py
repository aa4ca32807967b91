from pathlib import Path

import pulumi
import pytest

from local import up
from local.configuration import ConfigurationError, configured
from local.mock_cloud import FakeCloud
from local.program import load_config, run_program

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def stack_file(tmp_path):
    def write(text: str) -> Path:
        (tmp_path / "mine.yaml").write_text(text)
        return tmp_path / "mine.yaml"

    return write


def texts(file=None, settings=""):
    return configured(PROJECT, "dev", file=file, settings=settings)


def test_settings_of_the_command_line_win_over_the_file(stack_file):
    file = stack_file("config:\n  image-intake:page: true\n  image-intake:maxConcurrency: 7\n")
    found = texts(file, "maxConcurrency=9 apiAuth=none")
    assert found["image-intake:page"] == "true"
    assert found["image-intake:maxConcurrency"] == "9"
    assert found["image-intake:apiAuth"] == "none"


def test_a_stack_file_takes_the_place_of_the_one_of_the_stack(stack_file):
    assert load_config(PROJECT, "dev")["image-intake:maxConcurrency"] == "5"
    found = texts(stack_file("config:\n  image-intake:accessLogs: true\n"))
    assert found["image-intake:maxConcurrency"] == "10", "the default"
    assert "aws:region" not in found, "that of the stack remains"


def test_a_value_may_hold_spaces_and_quotation_marks():
    found = texts(settings='corsOrigins=["https://a.example", "https://b.example"] apiAuth=none')
    assert found["image-intake:corsOrigins"] == '["https://a.example", "https://b.example"]'
    assert found["image-intake:apiAuth"] == "none"


@pytest.mark.parametrize(
    "settings",
    ["pages=true", "maxConcurrency=1", "apiAuth=jwt", "page=perhaps"],
)
def test_what_the_program_refuses_is_refused_by_the_same_sentence_before_anything_starts(settings):
    with pytest.raises(pulumi.RunError) as refused:
        texts(settings=settings)
    key, _, value = settings.partition("=")
    with pytest.raises(pulumi.RunError) as by_the_program:
        run_program(PROJECT, "dev", FakeCloud(), {f"image-intake:{key}": value})
    assert str(refused.value) == str(by_the_program.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("config: [", "is not YAML"),
        ("a: b: c", "in line 1"),
        ("- a", "is not a stack file"),
        ("config: hello", "is not a stack file"),
        ("config:\n  image-intake:page:\n    secure: abc", "image-intake:page is encrypted"),
    ],
)
def test_a_file_that_is_no_stack_file_gets_one_sentence(stack_file, text, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        texts(stack_file(text))
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_there_and_a_setting_without_a_value_get_one_sentence(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        texts(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="SET: 'page' is not KEY=VALUE"):
        texts(settings="page")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "8o80", "1.5"])
def test_a_bad_port_gets_one_sentence(monkeypatch, capsys, port):
    monkeypatch.setattr("sys.argv", ["up", f"--port={port}"])
    assert up.main() == 2
    assert capsys.readouterr().err == f"PORT: '{port}' is not a port, a number from 1 to 65535.\n"
