"""The package's schema: the types and bounds of the config slices, described by `Pulumi.yaml`.

https://www.pulumi.com/docs/iac/extending-pulumi/schema/
"""

from functools import cache
from typing import Any, Final

import yaml

from components import PipelineConfig
from components.bundle import ROOT
from components.config.bounds import Between, OneOf
from components.config.config_slice import camel_case
from components.outputs import ARNS, STACK, PipelineOutput
from imagectl import __version__
from plugin.inputs import OUTPUTS

PACKAGE: Final = "image-intake"
TOKEN: Final = f"{PACKAGE}:index:ImagePipeline"

_DESCRIPTION: Final = """\
An image service on AWS whose load spikes are smoothed by an SQS buffer: clients upload straight to S3 with
presigned URLs, and a batch-consuming Lambda function renders the variants of each image.
"""
_TYPES: Final = {str: "string", bool: "boolean", int: "integer"}
# An integer has 32 bits in some languages.
_MOST_INTEGER: Final = 2**31 - 1
_LANGUAGES: Final = ("nodejs", "python", "go", "csharp", "java")


@cache
def package() -> dict[str, Any]:
    """The schema as the engine and the generators of SDKs read it."""
    outputs = {**STACK, **ARNS}
    return {
        "name": PACKAGE,
        "displayName": PACKAGE,
        "version": __version__,
        "description": "An image service whose load spikes are smoothed by an SQS buffer",
        "license": "Apache-2.0",
        "language": {language: {"respectSchemaVersion": True} for language in _LANGUAGES},
        "resources": {
            TOKEN: {
                "isComponent": True,
                "description": _DESCRIPTION,
                "inputProperties": _inputs(),
                "properties": {name: _output(name, output) for name, output in outputs.items()},
                "required": sorted(name for name, output in outputs.items() if not output.when),
            }
        },
    }


def _inputs() -> dict[str, Any]:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    types = {camel_case(name): declaration for name, declaration in PipelineConfig.declared().items()}
    return {
        key: _input(key, *types[key], declaration)
        for key, declaration in declared.items()
        if key in types  # Others are the engine's.
    }


def _input(key: str, kind: Any, bound: Any, declared: dict[str, Any]) -> dict[str, Any]:
    sentences = [_closed(declared["description"])]
    if isinstance(bound, OneOf) and any(str(each) not in sentences[0] for each in bound.allowed):
        sentences.append(f"One of {', '.join(map(str, bound.allowed))}.")
    if declared["default"] not in ("", []):
        sentences.append(f"Default: {_default(declared['default'])}.")
    described = {"description": " ".join(sentences)}
    if kind in _TYPES:
        large = isinstance(bound, Between) and bound.high > _MOST_INTEGER
        return {
            **described,
            "type": "number" if large else _TYPES[kind],
            **({} if key in OUTPUTS else {"plain": True}),
        }
    # How many items a list has is always known.
    items = {"type": "string", **({} if key in OUTPUTS else {"plain": True})}
    return {**described, "type": "array", "items": items, "plain": True}


def _output(name: str, output: PipelineOutput) -> dict[str, Any]:
    only = f" (only with {output.when})" if output.when else ""
    kind = "boolean" if name == "expressLane" else "string"
    return {"type": kind, "description": f"{output.description}{only}."}


def _default(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _closed(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
