"""`imagectl publish`."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from handlers.publish.event_bus import NotTaken
from imagectl.errors import CannotContinue
from imagectl.operations.confirmation import agreed
from imagectl.operations.republish import Period, Republication
from imagectl.operations.stack import DeployedStack
from imagectl.output import results


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not a time like 2026-01-02T03:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def publish(
    *,
    target: DeployedStack,
    since: Annotated[
        datetime,
        typer.Option(parser=_moment, metavar="MOMENT", help="Images processed at or after this time (UTC)."),
    ],
    until: Annotated[
        datetime | None,
        typer.Option(
            parser=_moment, metavar="MOMENT", help="Images processed before this time; by default, now."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the images, and publish nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Maximum number of events per second.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: with --dry-run each image, then the summary.")
    ] = False,
) -> None:
    """Re-publish the outcomes of images on the stack's bus.

    Each is published as its row is now, under the same id as before, so that consumers recognise it.
    The whole table is read, page by page.
    """
    republication = Republication(target, Period(since=since, until=until or datetime.now(UTC)))
    if dry_run:
        for row in republication.rows():
            document = {"type": "image", "imageId": row["ImageID"], "status": row["Status"]}
            results.out(json.dumps(document) if as_json else f"{row['Status']:<8}  {row['ImageID']}")
    else:
        _publish(republication, rate, yes=yes)
    counts = {name: count for name, count in sorted(republication.counts.items()) if name != "other"}
    if as_json:
        results.out(json.dumps({"type": "summary", "dryRun": dry_run, "counts": counts}))
    else:
        said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no images"
        results.print(f"{said} of {republication.counts.total()} rows")


def _publish(republication: Republication, rate: float, *, yes: bool) -> None:
    if not agreed("Publish the outcomes of these images again?", yes=yes):
        raise CannotContinue("Nothing was published.")
    try:
        republication.publish(rate)
    except NotTaken as error:
        raise CannotContinue(
            f"The bus does not take events: {error}",
            "Run the same command again: an event that was published keeps its id.",
        ) from error
