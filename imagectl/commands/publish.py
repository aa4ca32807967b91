"""`imagectl publish`."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from handlers.publish.event_bus import NotTaken
from imagectl.errors import CannotContinue
from imagectl.operations.confirmation import agreed
from imagectl.operations.republish import Period, Telling
from imagectl.operations.stack import DeployedStack
from imagectl.output import results


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is no moment like 2026-01-02T03:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def publish(
    *,
    target: DeployedStack,
    since: Annotated[
        datetime, typer.Option(parser=_moment, metavar="MOMENT", help="Images processed from then on (UTC).")
    ],
    until: Annotated[
        datetime | None,
        typer.Option(parser=_moment, metavar="MOMENT", help="Images processed before then; now if not said."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the images, and tell nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="At most so many events a second.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: with --dry-run each image, then the summary.")
    ] = False,
) -> None:
    """Tell what became of images once more, to whoever listens to the stack's bus.

    Each is told as its row stands now, under the same id as before, by which those who heard of
    it know. The whole table is read, page by page.
    """
    telling = Telling(target, Period(since=since, until=until or datetime.now(UTC)))
    if dry_run:
        for row in telling.look():
            document = {"type": "image", "imageId": row["ImageID"], "status": row["Status"]}
            results.out(json.dumps(document) if as_json else f"{row['Status']:<8}  {row['ImageID']}")
    else:
        _tell(telling, rate, yes=yes)
    counts = {name: count for name, count in sorted(telling.counts.items()) if name != "other"}
    if as_json:
        results.out(json.dumps({"type": "summary", "dryRun": dry_run, "counts": counts}))
    else:
        said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no images"
        results.print(f"{said} of {telling.counts.total()} rows")


def _tell(telling: Telling, rate: float, *, yes: bool) -> None:
    if not agreed("Tell what became of the images once more?", yes=yes):
        raise CannotContinue("Nothing was told.")
    try:
        telling.tell(rate)
    except NotTaken as error:
        raise CannotContinue(
            f"The bus does not take events: {error}", "Run the same command again: what was told has its id."
        ) from error
