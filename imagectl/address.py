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

_HOW = "Say --api URL, set IMAGECTL_API, or name the stack's outputs with --outputs FILE or --stack NAME."


@dataclass(frozen=True, kw_only=True)
class Address:
    """The URL of the API without a trailing slash; `region` where the stack's outputs contain it."""

    url: str
    region: str | None = None


def find_address(*, api: str | None, outputs: str | None, stack: str | None) -> Address:
    """What was said, else IMAGECTL_API, else the stack selected in the current folder.

    `outputs` is a file of `pulumi stack output --json` (`-` for standard input). Raises
    ServiceUnusable.
    """
    if api:
        return _address(api)
    if not outputs and not stack and (from_environment := os.environ.get("IMAGECTL_API")):
        return _address(from_environment)
    found, source = stack_outputs(outputs=outputs, stack=stack)
    if not isinstance(found.get("apiUrl"), str):
        raise ServiceUnusable(f"{source} has no output 'apiUrl'.", _HOW)
    return _address(found["apiUrl"], found.get("region"))


def stack_outputs(*, outputs: str | None, stack: str | None) -> tuple[dict[str, Any], str]:
    """The outputs of a stack by their names, and where they were found, for people.

    They are those in the file `outputs` (`-` for standard input), else those of the stack named,
    else those of the stack selected in the current folder. Raises ServiceUnusable.
    """
    if outputs:
        return _parsed(_read(outputs), outputs)
    if stack:
        return _parsed(_pulumi("--stack", stack), f"stack {stack}")
    if Path("Pulumi.yaml").exists():
        return _parsed(_pulumi(), "the selected stack")
    raise ServiceUnusable("Where the service is, is unknown.", _HOW)


def _address(url: str, region: str | None = None) -> Address:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ServiceUnusable(f"'{url}' is not the address of an API.", "It looks like https://….")
    return Address(url=url.rstrip("/"), region=region)


def _parsed(text: str, source: str) -> tuple[dict[str, Any], str]:
    try:
        outputs: Any = json.loads(text)
    except ValueError as error:
        raise ServiceUnusable(f"{source} is not JSON: {error}") from error
    if not isinstance(outputs, dict):
        raise ServiceUnusable(f"{source} is not a JSON object of outputs.", _HOW)
    return outputs, source


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise ServiceUnusable(f"The outputs cannot be read: {error}") from error


def _pulumi(*arguments: str) -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise ServiceUnusable("pulumi is not installed, so the stack's outputs cannot be read.", _HOW)
    asked = subprocess.run(  # noqa: S603 - the program is found on the path, the stack is one argument
        [program, "stack", "output", "--json", *arguments], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise ServiceUnusable(f"pulumi does not return the stack's outputs: {asked.stderr.strip()}", _HOW)
    return asked.stdout
