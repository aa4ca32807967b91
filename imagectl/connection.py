"""The options that every command shares: where the service is, and who calls it."""

import functools
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import httpx
import typer

import imagectl
from imagectl.address import find_address
from imagectl.api_client import Service
from imagectl.operations.stack import find_stack
from imagectl.output import results
from imagectl.request_signer import Bearer, aws_signature
from imagectl.shared_options import Command, provided, with_parameters

_PANEL: Final = "Service"
# API Gateway answers within 30 seconds, whatever the service does.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_TIMEOUT: Final = httpx.Timeout(35, connect=5)


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
            help="The stack's outputs as `pulumi stack output --json` writes them; - reads standard "
            "input. [env var: IMAGECTL_OUTPUTS]",
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
        typer.Option(
            metavar="REGION",
            rich_help_panel=_PANEL,
            help="The AWS region to sign for, if the URL does not name it.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            rich_help_panel=_PANEL,
            help="Send this bearer token instead of signing. [env var: IMAGECTL_TOKEN]",
        ),
    ] = None,
    no_sign: Annotated[
        bool, typer.Option("--no-sign", rich_help_panel=_PANEL, help="Neither sign nor send a token.")
    ] = False,
) -> Iterator[Service]:
    address = find_address(api=api, outputs=outputs, stack=stack)
    token = token or os.environ.get("IMAGECTL_TOKEN")
    auth: httpx.Auth | None = None
    if not no_sign:
        auth = Bearer(token) if token else aws_signature(address.url, region or address.region)
    with httpx.Client(auth=auth, timeout=_TIMEOUT) as http:
        stack_of = functools.partial(
            find_stack, outputs=outputs, stack=stack, region=region or address.region
        )
        yield Service(http, address.url, stack_of=stack_of)


_SHARED: Final = dict(inspect.signature(_connected).parameters)


def connected(command: Command) -> Command:
    """Make a typer command of a function that takes a Service as `service`."""
    return provided("service", _connected)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        results.print(f"imagectl {imagectl.__version__}")
        raise typer.Exit


_VERSION: Final = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ],
)


def connection_first(application: typer.Typer) -> None:
    """Let the options of the connection stand before the command, too, and `--version`."""

    def keep(context: typer.Context, **options: Any) -> None:
        del options[_VERSION.name]
        given = {name: value for name, value in options.items() if value}
        context.default_map = dict.fromkeys(vars(context.command)["commands"], given)

    context = inspect.signature(keep).parameters["context"]
    application.callback()(with_parameters(keep, {"context": context, _VERSION.name: _VERSION} | _SHARED))
