"""`imagectl get`."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final

import httpx
import typer

from handlers.contract.formats import FORMATS
from imagectl.api_client import Service
from imagectl.errors import CannotContinue
from imagectl.output import messages, size

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_SUFFIXES: Final = {each.content_types[0]: each.extensions[0] for each in FORMATS.values()}


def get(
    *,
    service: Service,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="The id of an image.")],
    variant: Annotated[str, typer.Option(metavar="NAME", help="Name of the variant.")] = "large",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A file, a folder, or - for standard output."),
    ] = None,
) -> None:
    """Fetch a variant of an image into a file, by default one named after the image and the variant."""
    wanted = _variant(service, image, variant)
    # The id's last part, never the file name that somebody else chose, nor a suffix that a service makes up.
    suffix = _SUFFIXES.get(wanted["contentType"], "bin")
    name = f"{image.rsplit('/', 1)[-1]}-{variant}.{suffix}"
    if output == "-":
        _fetch(wanted["url"], sys.stdout.buffer)
        return
    target = Path(output or name)
    target = target / name if target.is_dir() else target
    try:
        with _whole(target) as file:
            _fetch(wanted["url"], file)
    except OSError as error:
        raise CannotContinue(f"{target} cannot be written: {error.strerror}.") from error
    messages.print(f"{target}: {wanted['width']} x {wanted['height']}, {size(wanted['bytes'])}")


def _variant(service: Service, image_id: str, name: str) -> dict[str, Any]:
    image = service.image(image_id)
    if image is None:
        raise CannotContinue(f"The image '{image_id}' does not exist, or you may not see it.")
    if image["status"] != "READY":
        why = f": {image['reason']}" if image.get("reason") else ""
        raise CannotContinue(f"The image has no variants, it is {image['status']}{why}.")
    variants: dict[str, dict[str, Any]] = image["variants"]
    if name not in variants:
        raise CannotContinue(f"The variant '{name}' does not exist.", f"There are: {', '.join(variants)}.")
    return variants[name]


def _fetch(url: str, file: IO[bytes]) -> None:
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            file.writelines(answer.iter_bytes())
    except httpx.HTTPError as error:
        raise CannotContinue(f"The variant could not be fetched: {error}.", "Try again.") from error


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when it is complete."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".imagectl-", delete=False) as file:
        unfinished = Path(file.name)
        try:
            yield file
            file.flush()
            umask = os.umask(0)
            os.umask(umask)
            unfinished.chmod(0o666 & ~umask)
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
