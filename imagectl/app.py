"""The `imagectl` command line: puts the commands together and explains errors."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from imagectl.commands.backfill import backfill
from imagectl.commands.erase import erase
from imagectl.commands.export import export
from imagectl.commands.get import get
from imagectl.commands.list import list_images
from imagectl.commands.plan import plan
from imagectl.commands.publish import publish
from imagectl.commands.reconcile import reconcile
from imagectl.commands.redrive import redrive
from imagectl.commands.rm import rm
from imagectl.commands.status import status
from imagectl.commands.upload import upload
from imagectl.commands.watch import watch
from imagectl.connection import connected, connection_first
from imagectl.errors import CannotContinue, Interrupted
from imagectl.operations.stack import operating
from imagectl.output import messages, shown

_HELP: Final = """
Upload images in bulk, follow them to their outcome, fetch their variants.

**Examples**

```
imagectl upload holiday/ portrait.jpg          # run it again to continue
imagectl upload . --include '*.jpg' --dry-run  # what would be uploaded?
imagectl upload scans/ --json | jq -r 'select(.status == "REJECTED").path'
imagectl status 0190a2f4-...                   # a batch, or an image
imagectl list --status REJECTED
imagectl get 0190a2f4-... --variant large -o large.webp
imagectl rm 0190a2f4-...
```

**Where the service is** comes from `--api URL`, from `--outputs FILE` or `--stack NAME` (the outputs of
the Pulumi stack), or from `IMAGECTL_API` or `IMAGECTL_OUTPUTS`. **Who calls it** comes from the AWS
credentials of the environment (profile, keys, SSO, role), or is a bearer token in `--token` or
`IMAGECTL_TOKEN`.

```
export IMAGECTL_API=$(pulumi stack output apiUrl)
AWS_PROFILE=photos imagectl upload holiday/
```

`imagectl --install-completion` teaches your shell the commands and options.
"""

_OPERATORS: Final = "For operators"


class _Commands(TyperGroup):
    """The commands. An argument that is refused may be a file's name, and is printed by Typer itself."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        with _printable_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, *arguments: Any, **options: Any) -> Any:
        with _printable_errors():
            return super().invoke(*arguments, **options)


class _Command(TyperCommand):
    """A command whose help shows arguments and flags without the Python types of their values."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [each for each in self.get_params(ctx) if isinstance(each, TyperArgument)]
        return ["[OPTIONS]", *(str(each.metavar) for each in arguments)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        for each in self.get_params(ctx):
            if isinstance(each, TyperArgument) or getattr(each, "is_flag", False):
                vars(each)["display_type_rich"] = lambda ctx: None  # noqa: ARG005 - Typer's own signature
        super().format_help(ctx, formatter)


@contextmanager
def _printable_errors() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        for name, value in vars(error).items():
            if isinstance(value, str):
                vars(error)[name] = shown(value)
        raise


app = typer.Typer(
    name="imagectl",
    cls=_Commands,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
connection_first(app)
app.command("upload", cls=_Command, no_args_is_help=True)(connected(upload))
app.command("status", cls=_Command, no_args_is_help=True)(connected(status))
app.command("list", cls=_Command)(connected(list_images))
app.command("get", cls=_Command, no_args_is_help=True)(connected(get))
app.command("rm", cls=_Command, no_args_is_help=True)(connected(rm))
app.command("redrive", cls=_Command, rich_help_panel=_OPERATORS)(operating(redrive))
app.command("backfill", cls=_Command, rich_help_panel=_OPERATORS)(operating(backfill))
app.command("reconcile", cls=_Command, rich_help_panel=_OPERATORS)(operating(reconcile))
app.command("publish", cls=_Command, rich_help_panel=_OPERATORS)(operating(publish))
app.command("export", cls=_Command, rich_help_panel=_OPERATORS, no_args_is_help=True)(operating(export))
app.command("erase", cls=_Command, rich_help_panel=_OPERATORS, no_args_is_help=True)(operating(erase))
app.command("watch", cls=_Command, rich_help_panel=_OPERATORS)(operating(watch))
app.command("plan", cls=_Command, rich_help_panel=_OPERATORS, no_args_is_help=True)(plan)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; raises SystemExit in the end. `arguments` are those of the process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(arguments, prog_name="imagectl")
    except CannotContinue as error:
        for sentence in filter(None, (f"imagectl: {error}", error.hint)):
            messages.print(" ".join(sentence.split()))
        if isinstance(error, Interrupted):
            # At once: uploads that hang must not keep anybody waiting. The journal expects no less.
            sys.stdout.flush()
            os._exit(error.exit_code)
        sys.exit(error.exit_code)
