"""`imagectl export`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from imagectl.commands.erase import OwnerOption
from imagectl.operations.export import Export
from imagectl.operations.stack import DeployedStack
from imagectl.output import messages, results, size


def export(
    *,
    target: DeployedStack,
    owner: OwnerOption,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="PATH", help="A folder, or a file whose name ends in .tar."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Copy everything of an owner: originals in every version, deleted ones too, variants and rows.

    A manifest names each file with its size and SHA-256. Run the same command again to continue after an
    interruption, or to add what is new: an image that was copied is not copied again.
    """
    exporting = Export(target, owner, to)
    try:
        exporting.run(lambda images: messages.print(f"{images} images"))
    except KeyboardInterrupt:
        messages.print("Run the same command again to continue.")
        raise
    counts = {name: exporting.exported[name] for name in ("images", "originals", "variants", "bytes")}
    if as_json:
        results.out(json.dumps({"type": "summary", "counts": counts, "before": exporting.before}))
    else:
        before = f"; {exporting.before} images before" if exporting.before else ""
        results.print(
            f"copied {counts['images']} images: {counts['originals']} originals and "
            f"{counts['variants']} variants, {size(counts['bytes'])}{before}"
        )
