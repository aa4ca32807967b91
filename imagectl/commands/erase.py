"""`imagectl erase`."""

import json
from typing import Annotated

import typer

from handlers.contract.rows import timestamp
from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue
from imagectl.operations.confirmation import agreed
from imagectl.operations.erasure import Erasure
from imagectl.operations.stack import DeployedStack
from imagectl.output import messages, results, size

OwnerOption = Annotated[
    str,
    typer.Option(
        "--owner",
        metavar="ID",
        help="The owner as rows, events and answers to administrators name it.",
    ),
]


def erase(
    *,
    target: DeployedStack,
    owner: OwnerOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is held of the owner, and erase nothing.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            help="Wait until uploads that were announced before can no longer arrive, and erase them too."
        ),
    ] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Erase everything of an owner: every version of every original, variants, rows and quota counters.

    Nothing can be recovered from the stack afterwards. For each image, Image Deleted is published. The
    owner's quota is used up meanwhile, so uploads that race with the command are either refused when they
    are announced, or arrive by a policy that was signed before and are erased too. That is why it waits for
    the life of a policy before it looks for the last time.

    Run the same command again after an interruption. The exit code is 0 only when the erasure is complete.
    """
    if not owner:
        raise typer.BadParameter("an owner has a name", param_hint="--owner")
    erasure = Erasure(target, owner)
    again = 0.0
    if dry_run:
        erasure.look()
    else:
        if not agreed(f"Erase everything of {owner}, so that nothing can be recovered?", yes=yes):
            raise CannotContinue("Nothing was erased.")
        try:
            again = erasure.run(wait=wait, report=messages.print)
        except KeyboardInterrupt:
            messages.print("It is not complete: run the same command again.")
            raise
    _summarise(erasure, again, dry_run=dry_run, as_json=as_json)
    if again:
        raise typer.Exit(EXIT_NOT_ALL_READY)


def _summarise(erasure: Erasure, again: float, *, dry_run: bool, as_json: bool) -> None:
    names = ("images", "versions", "deleteMarkers", "variants", "rows", "quotaCounters", "bytes")
    counts = {name: erasure.removed[name] for name in names}
    if as_json:
        summary = {"type": "summary", "dryRun": dry_run, "complete": not (dry_run or again), "counts": counts}
        results.out(json.dumps(summary | {"metadataRequests": erasure.looked_at}))
        return
    said = (
        f"{counts['images']} images, {counts['versions']} versions ({size(counts['bytes'])}) and "
        f"{counts['deleteMarkers']} delete markers of originals, {counts['variants']} variants, "
        f"{counts['rows']} rows, {counts['quotaCounters']} quota counters"
    )
    results.print(f"{'there are' if dry_run else 'erased'} {said}")
    if again:
        messages.print(f"It is not complete: run the same command again after {timestamp(again)}.")
