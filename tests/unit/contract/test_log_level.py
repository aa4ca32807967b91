"""`logLevel` decides what a function logs, although Lambda's own level wins over Powertools'."""

import json

import pytest
from aws_lambda_powertools import Logger

from handlers.contract.log_level import apply_log_level
from handlers.resize.telemetry import Telemetry
from tests.unit.http_events import get_image


@pytest.fixture
def lambda_level(monkeypatch):
    """An environment as Lambda makes it for `logLevel`: its own level stays at INFO."""

    def configure(level):
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"service-{level}")
        monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
        monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", "INFO")

    return configure


@pytest.mark.parametrize(
    ("level", "logged"),
    [("INFO", ["info", "warning", "error"]), ("WARNING", ["warning", "error"]), ("ERROR", ["error"])],
)
def test_lines_below_the_level_are_not_logged(lambda_level, capsys, level, logged):
    lambda_level(level)
    logger = Logger()
    apply_log_level()
    for each in ("info", "warning", "error"):
        getattr(logger, each)(each)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["message"] for line in lines] == logged


def test_the_resize_function_keeps_to_it(lambda_level, capsys):
    lambda_level("ERROR")
    Telemetry()._logger.warning("below")
    assert capsys.readouterr().out == ""


def test_the_api_function_keeps_to_it(lambda_level, api_with, capsys):
    lambda_level("WARNING")
    api_with()
    assert get_image("unknown").status == 404
    assert "request" not in capsys.readouterr().out
