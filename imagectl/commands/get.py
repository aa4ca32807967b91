"""`imagectl get`."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from imagectl.api_client import Document, Service
from imagectl.download import (
    NotFetched,
    Source,
    UrlExpired,
    file_name,
    original,
    stack_behind,
    variant,
    whole,
)
from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue
from imagectl.output import messages, results, size

_PARALLEL: Final = 8
_PAGE: Final = 100


def get(
    *,
    service: Service,
    thing: Annotated[
        str | None, typer.Argument(metavar="[IMAGE|BATCH]", help="The id of an image, or of a batch.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Fetch all images.")] = False,
    name: Annotated[str, typer.Option("--variant", metavar="NAME", help="Name of the variant.")] = "large",
    as_original: Annotated[
        bool,
        typer.Option(
            "--original",
            help="Fetch originals: with AWS credentials, out of the bucket of the stack's outputs.",
        ),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A file, a folder, or - for standard output."),
    ] = None,
) -> None:
    """Fetch a variant of an image, or of all images of a batch, or the originals.

    One image goes into a file, by default one named after the image and the variant. Several go into the
    folder `-o`, by their ids; what is there already is not fetched again, so that the same command
    continues.
    """
    if bool(thing) == everything:
        raise typer.BadParameter("pass the id of an image or a batch, or --all", param_hint="get")
    stack = stack_behind(service) if as_original else None

    def source(image: Document) -> Source:
        return original(stack, image) if stack else variant(image, name)

    image = service.image(thing) if thing else None
    if image is not None:
        _get_one(service, image, source, output)
        return
    batch = service.batch(thing) if thing and "/" not in thing else None
    if thing and batch is None:
        raise CannotContinue(f"'{thing}' does not exist, or you may not see it.")
    if not output or output == "-":
        raise CannotContinue("Several images need a folder.", "Name it with -o FOLDER.")
    images = service.images()
    if batch:
        images = islice((each for each in images if each.get("batchId") == thing), batch["total"])
    _get_many(service, images, source, Path(output))


def _get_one(
    service: Service, image: Document, source: Callable[[Document], Source], output: str | None
) -> None:
    found = source(image)
    name = file_name(image["imageId"], found.suffix)
    if output == "-":
        found.fetch(sys.stdout.buffer)
        return
    target = Path(output or name)
    target = target / name if target.is_dir() else target
    _write(service, image, source, target)
    messages.print(f"{target}: {found.described}, {size(found.size)}")


def _get_many(
    service: Service, images: Iterator[Document], source: Callable[[Document], Source], folder: Path
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotContinue(f"{folder} is not a folder: {error.strerror}.") from error
    outcomes: Counter[str] = Counter()

    def fetch(image: Document) -> str:
        try:
            found = source(image)
            target = folder / file_name(image["imageId"], found.suffix, unique=True)
            if target.is_file() and target.stat().st_size == found.size:
                return "there already"
            _write(service, image, source, target)
        except NotFetched as error:
            results.print(f"{image['status']:<9} {image['imageId']}: {error} {error.hint}".rstrip())
            return "not fetched"
        return "fetched"

    with ThreadPoolExecutor(_PARALLEL, "get") as pool:
        # URLs live for minutes: an image is looked up shortly before it is fetched.
        while page := list(islice(images, _PAGE)):
            outcomes.update(pool.map(fetch, page))
    told = ", ".join(f"{outcomes[each]} {each}" for each in ("fetched", "there already", "not fetched"))
    messages.print(f"{folder}: {told}")
    if outcomes["not fetched"]:
        raise typer.Exit(EXIT_NOT_ALL_READY)


def _write(service: Service, image: Document, source: Callable[[Document], Source], target: Path) -> None:
    """Fetch into a file, with a new URL if the first has expired."""
    try:
        try:
            with whole(target) as file:
                source(image).fetch(file)
        except UrlExpired:
            renewed = service.image(image["imageId"])
            if renewed is None:
                raise NotFetched("The image has been deleted.") from None
            with whole(target) as file:
                source(renewed).fetch(file)
    except UrlExpired as error:
        raise NotFetched("The variant could not be fetched: its URL is refused.", "Try again.") from error
    except OSError as error:
        raise CannotContinue(f"{target} cannot be written: {error.strerror}.") from error
