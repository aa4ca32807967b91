"""Asking the person at the terminal."""

import sys

import typer

from imagectl.errors import CannotContinue


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees; `yes` if they said so before. Raises CannotContinue if nobody is there."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise CannotContinue("Nobody can be asked.", "Say --yes if you are sure, or --dry-run to look first.")
    return typer.confirm(question, err=True)
