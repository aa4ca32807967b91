"""Where the service is: an address that was given, or the outputs of its Pulumi stack."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from imagectl.errors import ServiceUnusable

_OUTPUTS_HOW = (
    "Name the stack's outputs with --outputs FILE or --stack NAME, or set IMAGECTL_OUTPUTS to such a file."
)
_API_HOW = f"Pass --api URL or set IMAGECTL_API. {_OUTPUTS_HOW}"


@dataclass(frozen=True, kw_only=True)
class Address:
    """The URL of the API without a trailing slash; `region` where the stack's outputs contain it."""

    url: str
    region: str | None = None


def find_address(*, api: str | None, outputs: str | None, stack: str | None) -> Address:
    """What was said, else IMAGECTL_API, else the outputs that `stack_outputs` finds.

    `outputs` is a file of `pulumi stack output --json` (`-` for standard input). Raises
    ServiceUnusable.
    """
    if api:
        return _address(api)
    if not outputs and not stack and (from_environment := os.environ.get("IMAGECTL_API")):
        return _address(from_environment)
    found, source = stack_outputs(outputs=outputs, stack=stack, hint=_API_HOW)
    if not isinstance(found.get("apiUrl"), str):
        raise ServiceUnusable(f"{source} has no output 'apiUrl'.", _API_HOW)
    return _address(found["apiUrl"], found.get("region"))


def stack_outputs(
    *, outputs: str | None, stack: str | None, hint: str = _OUTPUTS_HOW
) -> tuple[dict[str, Any], str]:
    """The outputs of a stack by their names, and where they were found, for people.

    They are those in the file `outputs` (`-` for standard input), else those of the stack named, else
    those in the file that IMAGECTL_OUTPUTS names, else those of the stack selected in the current folder.
    Raises ServiceUnusable with the hint.
    """
    if not stack:
        outputs = outputs or os.environ.get("IMAGECTL_OUTPUTS")
    if outputs:
        text, source = _read(outputs), outputs
    elif stack:
        text, source = _pulumi(hint, "--stack", stack), f"stack {stack}"
    elif Path("Pulumi.yaml").exists():
        text, source = _pulumi(hint), "the selected stack"
    else:
        raise ServiceUnusable("The address of the service is not known.", hint)
    return _parsed(text, source, hint), source


def _address(url: str, region: str | None = None) -> Address:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ServiceUnusable(f"'{url}' is not the address of an API.", "It looks like https://….")
    return Address(url=url.rstrip("/"), region=region)


def _parsed(text: str, source: str, hint: str) -> dict[str, Any]:
    try:
        outputs: Any = json.loads(text)
    except ValueError as error:
        raise ServiceUnusable(f"{source} is not JSON: {error}") from error
    if not isinstance(outputs, dict):
        raise ServiceUnusable(f"{source} is not a JSON object of outputs.", hint)
    return outputs


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise ServiceUnusable(f"The outputs cannot be read: {error}") from error


def _pulumi(hint: str, *arguments: str) -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise ServiceUnusable("pulumi is not installed, so the stack's outputs cannot be read.", hint)
    asked = subprocess.run(  # noqa: S603 - the program is found on the path, the stack is one argument
        [program, "stack", "output", "--json", *arguments], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise ServiceUnusable(f"pulumi does not return the stack's outputs: {asked.stderr.strip()}", hint)
    return asked.stdout
