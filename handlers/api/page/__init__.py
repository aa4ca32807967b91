"""The page: one HTML document that holds its style and scripts, and a policy that allows nothing else.

`index.html` names its parts as any page does; here they are put into it, so that opening the page
costs one call of the function, and it works below any path of any host. It is public and holds no
data: what it shows it asks the API for, like every other client.
"""

import base64
import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from handlers.contract import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FOLDER: Final = Path(__file__).parent
_STYLE: Final = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
_SCRIPT: Final = re.compile(r'<script src="([a-z]+\.js)"></script>')


@dataclass(frozen=True, kw_only=True)
class Document:
    """The page; `styles` and `scripts` are the CSP sources that name its parts by their hashes."""

    html: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


@functools.cache
def document() -> Document:
    """The page with its parts in it."""
    html = (_FOLDER / "index.html").read_text("utf-8")
    html, styles = _put_in(html, _STYLE, "style")
    html, scripts = _put_in(html, _SCRIPT, "script")
    return Document(html=html, styles=styles, scripts=scripts)


class Page:
    """The page of one stack, which may talk to its own API and its two buckets, and nothing else."""

    def __init__(self, client: "S3Client", *, originals_bucket: str, variants_bucket: str) -> None:
        uploads = client.generate_presigned_post(Bucket=originals_bucket, Key="any")["url"]
        variants = client.generate_presigned_url(
            "get_object", Params={"Bucket": variants_bucket, "Key": keys.VARIANTS_PREFIX}
        ).partition("?")[0]
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": security_policy(uploads=uploads, variants=variants),
            "Cache-Control": "no-cache",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Referrer-Policy": "no-referrer",
        }

    @property
    def html(self) -> str:
        """The page itself, the same for everyone."""
        return document().html

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers to send it with."""
        return self._headers


def security_policy(*, uploads: str, variants: str) -> str:
    """The Content-Security-Policy of the page.

    `uploads` is the URL that files are posted to, `variants` what the URLs of variants start with.
    """
    page = document()
    directives = {
        "default-src": ["'none'"],
        "script-src": page.scripts,
        "style-src": page.styles,
        "connect-src": ["'self'", uploads],
        "img-src": ["data:", variants],  # data: is the icon of the page
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        # No script can make markup or code out of text. https://www.w3.org/TR/trusted-types/
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _put_in(html: str, reference: re.Pattern[str], tag: str) -> tuple[str, tuple[str, ...]]:
    hashes: list[str] = []

    def inline(match: re.Match[str]) -> str:
        content = (_FOLDER / match[1]).read_text("utf-8")
        assert f"</{tag}" not in content, f"{match[1]} would end its own element"
        digest = hashlib.sha256(content.encode()).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode()}'")
        return f"<{tag}>{content}</{tag}>"

    return reference.sub(inline, html), tuple(hashes)
