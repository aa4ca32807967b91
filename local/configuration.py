"""The configuration that `make up` is given without the Pulumi CLI: a stack file, and single settings."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from components.config.defaults import as_text, default_texts
from components.config.pipeline_config import PipelineConfig
from local.program import load_config, project_file

# A setting begins where a key does: values may hold spaces and quotation marks.
_NEXT_SETTING: Final = re.compile(r"\s+(?=[A-Za-z][\w:.-]*=)")


class ConfigurationError(Exception):
    """The configuration cannot be used; the message is one sentence."""


def configured(root: Path, stack: str, *, file: Path | None, settings: str) -> dict[str, str]:
    """What the configuration of a stack is to be overridden with, by full key (`image-intake:page`).

    `file` is a stack file in place of that of `stack`, except for the `aws:` keys that it leaves out;
    `settings` are `KEY=VALUE` pairs, which win over both. Raises ConfigurationError, and ConfigError as
    the program does, with a sentence for each key that is wrong.
    """
    project = project_file(root)["name"]
    standing = load_config(root, stack)
    defaults = {f"{project}:{key}": text for key, text in default_texts().items()}
    given: dict[str, str] = {}
    if file is not None:
        own = {key: text for key, text in standing.items() if key.startswith(f"{project}:")}
        given |= {key: defaults[key] for key in own if key in defaults and own[key] != defaults[key]}
        given |= {_full(key, project): as_text(value) for key, value in _config_of(file).items()}
    given |= {_full(key, project): value for key, value in _pairs(settings)}
    texts = {**standing, **given}
    PipelineConfig.parse(
        {
            key.removeprefix(f"{project}:"): text
            for key, text in {**defaults, **texts}.items()
            if key.startswith(f"{project}:")
        }
    )
    return given


def _config_of(file: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {_why(error)}.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{file} is not YAML: {_where(error)}.") from error
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise ConfigurationError(f"{file} is not a stack file: it has no 'config' with keys and values.")
    for key, value in config.items():
        if isinstance(value, dict) and "secure" in value:
            raise ConfigurationError(f"{file}: {key} is encrypted; give its value with SET='{key}=…'.")
    return config


def _pairs(settings: str) -> list[tuple[str, str]]:
    pairs = []
    for part in _NEXT_SETTING.split(settings.strip()) if settings.strip() else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigurationError(f"SET: '{part}' is not KEY=VALUE.")
        pairs.append((key, value))
    return pairs


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _where(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem or error.context}, in line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())
