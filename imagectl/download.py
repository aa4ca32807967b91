"""Files out of the service: a variant of an image by its URL, or its original out of the bucket."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from handlers.contract import keys
from handlers.contract.formats import FORMATS
from imagectl.api_client import Document, Service
from imagectl.errors import CannotContinue
from imagectl.operations.stack import DeployedStack

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_SUFFIXES: Final = {each.content_types[0]: each.extensions[0] for each in FORMATS.values()}
# File systems take names of 255 bytes.
_LONGEST_ID: Final = 200


class NotFetched(CannotContinue):
    """A file cannot be fetched; the others may."""


class UrlExpired(Exception):
    """The URL is too old; the image has a new one."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What can be fetched of an image: `size` in bytes, what people are told about it, and how."""

    suffix: str
    size: int
    described: str
    fetch: Callable[[IO[bytes]], None]


def variant(image: Document, name: str) -> Source:
    """A variant of an image. Raises NotFetched if there is none."""
    if image["status"] != "READY":
        why = f": {image['reason']}" if image.get("reason") else ""
        raise NotFetched(f"The image has no variants, it is {image['status']}{why}.")
    variants: dict[str, dict[str, Any]] = image["variants"]
    if name not in variants:
        raise NotFetched(f"The variant '{name}' does not exist.", f"There are: {', '.join(variants)}.")
    found = variants[name]
    return Source(
        # Never a suffix that a service makes up.
        suffix=f"{name}.{_SUFFIXES.get(found['contentType'], 'bin')}",
        size=found["bytes"],
        described=f"{found['width']} x {found['height']}",
        fetch=lambda file: _fetch_url(found["url"], file),
    )


def original(stack: DeployedStack, image: Document) -> Source:
    """The original of an image, read as the AWS credentials of the environment. Raises NotFetched."""
    key = keys.original_key(image["imageId"])
    try:
        found = stack.s3.head_object(Bucket=stack.originals, Key=key)
    except (BotoCoreError, ClientError) as error:
        raise NotFetched(
            f"The original cannot be read: {error}.",
            "It takes AWS credentials that may read the originals bucket.",
        ) from error

    def fetch(file: IO[bytes]) -> None:
        try:
            stack.s3.download_fileobj(stack.originals, key, file)
        except (BotoCoreError, ClientError) as error:
            raise NotFetched(f"The original could not be fetched: {error}.", "Try again.") from error

    return Source(
        suffix=f"original.{_SUFFIXES.get(image.get('contentType', ''), 'bin')}",
        size=found["ContentLength"],
        described="the original",
        fetch=fetch,
    )


def stack_behind(service: Service) -> DeployedStack:
    """The stack whose originals are read. Raises CannotContinue."""
    if service.stack_of is None:
        raise CannotContinue("The stack behind the service is not known.")
    return service.stack_of()


def file_name(image_id: str, suffix: str, *, unique: bool = False) -> str:
    """The name of a file for an image: by its id, never by the file name that somebody else chose.

    The id's last part, or where it has to be `unique`, all of it, with what is special escaped.
    """
    name = quote(image_id, safe="") if unique else image_id.rsplit("/", 1)[-1]
    if unique and len(name) > _LONGEST_ID:
        name = f"{sha256(image_id.encode()).hexdigest()}-{name[-100:]}"
    return f"{name}-{suffix}"


@contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
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


def _fetch_url(url: str, file: IO[bytes]) -> None:
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            file.writelines(answer.iter_bytes())
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.FORBIDDEN:
            raise UrlExpired from error
        raise NotFetched(f"The variant could not be fetched: {error}.", "Try again.") from error
    except httpx.HTTPError as error:
        raise NotFetched(f"The variant could not be fetched: {error}.", "Try again.") from error
