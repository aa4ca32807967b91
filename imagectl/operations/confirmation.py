"""Asking the person at the terminal."""

import sys

import typer

from imagectl.errors import CannotContinue


def agreed(question: str, *, yes: bool, look_first: str = "or --dry-run to look first") -> bool:
    """Whether the person agrees; `yes` if they said so before.

    Raises CannotContinue without a terminal; `look_first` says how the command shows what it would do.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise CannotContinue(
            "There is no terminal to confirm on.", f"Pass --yes if you are sure, {look_first}."
        )
    return typer.confirm(question, err=True)
