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
from typing import Final

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


def headers(*, uploads_url: str, variants_url: str) -> Mapping[str, str]:
    """The headers of the page, which may talk to its own API and these two places, and no other.

    `uploads_url` is what upload policies are posted to, `variants_url` what the URLs of variants
    start with.
    """
    page = document()
    policy = {
        "default-src": ["'none'"],
        "script-src": page.scripts,
        "style-src": page.styles,
        "connect-src": ["'self'", uploads_url],
        "img-src": ["data:", variants_url],  # data: is the icon of the page
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        # No script can make markup or code out of text, by no way there is.
        # https://www.w3.org/TR/trusted-types/
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(of)}" for name, of in policy.items()),
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
    }


def _put_in(html: str, reference: re.Pattern[str], tag: str) -> tuple[str, tuple[str, ...]]:
    hashes: list[str] = []

    def inline(match: re.Match[str]) -> str:
        content = (_FOLDER / match[1]).read_text("utf-8")
        assert f"</{tag}" not in content, f"{match[1]} would end its own element"
        digest = hashlib.sha256(content.encode()).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode()}'")
        return f"<{tag}>{content}</{tag}>"

    return reference.sub(inline, html), tuple(hashes)
