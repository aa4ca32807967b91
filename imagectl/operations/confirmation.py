"""Asking the person at the terminal."""

import sys

import typer

from imagectl.errors import CannotContinue


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees; `yes` if they said so before. Raises CannotContinue without a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise CannotContinue(
            "There is no terminal to confirm on.", "Pass --yes if you are sure, or --dry-run to look first."
        )
    return typer.confirm(question, err=True)
