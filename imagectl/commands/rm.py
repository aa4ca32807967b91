"""`imagectl rm`."""

import sys
from contextlib import closing
from typing import Annotated

import typer

from imagectl.api_client import Service
from imagectl.commands.upload import JournalOption, default_journal
from imagectl.errors import CannotContinue
from imagectl.journal import Journal
from imagectl.output import messages


def rm(
    *,
    service: Service,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE…", help="Ids of images.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    journal_path: JournalOption = None,
) -> None:
    """Delete images: originals, variants and metadata. Deleting twice is not an error.

    `imagectl upload` asks before it uploads a file again whose image has been deleted.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise CannotContinue("There is no terminal to confirm on.", "Pass --yes if you are sure.")
        typer.confirm(f"Delete {len(images)} image{'s' if len(images) > 1 else ''}?", abort=True)
    path = journal_path or default_journal()
    with closing(Journal(path)) as journal:
        for image_id in images:
            found = service.image(image_id) is not None
            if found:
                service.delete(image_id)
            journal.delete(service.url, image_id)
            messages.print(
                f"deleted {image_id}" if found else f"{image_id} does not exist, or you may not see it"
            )
