"""The options that every command shares: where the service is, and who calls it."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import httpx
import typer

from imagectl.address import find_address
from imagectl.service import Service
from imagectl.signing import Bearer, aws_signature

_PANEL: Final = "Service"
_TIMEOUT: Final = httpx.Timeout(60, connect=10)


@contextmanager
def _connected(
    *,
    api: Annotated[
        str | None,
        typer.Option(
            metavar="URL", rich_help_panel=_PANEL, help="Address of the API. [env var: IMAGECTL_API]"
        ),
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="The stack's outputs as `pulumi stack output --json` writes them; - reads standard input.",
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=_PANEL, help="Ask pulumi for the outputs of this stack."
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(rich_help_panel=_PANEL, help="The AWS region to sign for, if the URL does not say."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="IMAGECTL_TOKEN",
            rich_help_panel=_PANEL,
            help="Send this bearer token instead of signing with AWS credentials.",
        ),
    ] = None,
    no_sign: Annotated[
        bool, typer.Option("--no-sign", rich_help_panel=_PANEL, help="Neither sign nor send a token.")
    ] = False,
) -> Iterator[Service]:
    address = find_address(api=api, outputs=outputs, stack=stack)
    auth: httpx.Auth | None = None
    if token:
        auth = Bearer(token)
    elif not no_sign:
        auth = aws_signature(address.url, region or address.region)
    with httpx.Client(auth=auth, timeout=_TIMEOUT) as http:
        yield Service(http, address.url)


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Make a typer command of a function that takes a Service as `service`.

    The command has the options of the connection besides those of the function.
    """
    own = {
        name: parameter
        for name, parameter in inspect.signature(command).parameters.items()
        if name != "service"
    }
    shared = inspect.signature(_connected).parameters

    @functools.wraps(command)
    def connect(**arguments: Any) -> None:
        options = {name: arguments.pop(name) for name in shared}
        with _connected(**options) as service:
            command(service=service, **arguments)

    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (own | dict(shared)).values()
    ]
    # typer reads both.
    vars(connect)["__signature__"] = inspect.Signature(parameters)
    connect.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return connect
