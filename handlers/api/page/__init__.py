"""The page: one HTML document that holds its style and scripts, and a policy that allows nothing else.

`index.html` names its parts as any page does; here they are put into it, so that opening the page
costs one call of the function, and it works below any path of any host. It is public and holds no
data: what it shows it asks the API for, like every other client.

Where the API asks for tokens, people paste one, or sign in if the stack has a client id for that: each has
its card (`token_form.html`, `sign_in.html`) with its script.
"""

import base64
import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from handlers.api.page.discovery import Discovery, fetched_origins
from handlers.contract import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FOLDER: Final = Path(__file__).parent
_CARD: Final = "<!-- the card of the credentials -->"
_SETTINGS: Final = "{settings}"
_STYLE: Final = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
_SCRIPT: Final = re.compile(r'<script(?P<kind> type="module")? src="(?P<name>[a-z_]+\.js)"></script>')
# A module that is part of a document cannot import another part: the text of the library takes the place.
_IMPORT: Final = re.compile(r'^import \{[^}]+\} from "\./(?P<folder>\w+)/index\.js";$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Template:
    """The page; `styles` and `scripts` are the CSP sources that name its parts by their hashes."""

    html: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """The page as it is sent: the same for everyone."""

    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How people sign in: as which client of which provider, and to tokens of which audience, if any."""

    discovery: Discovery
    client_id: str
    audience: str


@functools.cache
def template(card: str) -> Template:
    """The page with its parts in it, among them a card: `token_form` or `sign_in`."""
    text = (_FOLDER / "index.html").read_text("utf-8")
    text = text.replace(_CARD, (_FOLDER / f"{card}.html").read_text("utf-8").rstrip())
    styles: list[str] = []
    scripts: list[str] = []

    def style(match: re.Match[str]) -> str:
        content = (_FOLDER / match[1]).read_text("utf-8")
        styles.append(_source("style", content))
        return f"<style>{content}</style>"

    def script(match: re.Match[str]) -> str:
        content = _IMPORT.sub(_library, (_FOLDER / match["name"]).read_text("utf-8"))
        scripts.append(_source("script", content))
        return f"<script{match['kind'] or ''}>{content}</script>"

    text = _SCRIPT.sub(script, _STYLE.sub(style, text))
    return Template(html=text, styles=tuple(styles), scripts=tuple(scripts))


class Page:
    """The page of one stack, which may talk to its own API, its two buckets and the provider that people sign
    in with, and nothing else.
    """

    def __init__(
        self,
        client: "S3Client",
        *,
        originals_bucket: str,
        variants_bucket: str,
        sign_in: SignIn | None = None,
    ) -> None:
        self._uploads = client.generate_presigned_post(Bucket=originals_bucket, Key="any")["url"]
        self._variants = client.generate_presigned_url(
            "get_object", Params={"Bucket": variants_bucket, "Key": keys.VARIANTS_PREFIX}
        ).partition("?")[0]
        self._sign_in = sign_in

    def document(self) -> Document:
        """The page with its headers."""
        if self._sign_in is None:
            page = template("token_form")
            return self._document(page.html, page)
        provider = self._sign_in.discovery.provider()
        settings = {
            "provider": provider,
            "clientId": self._sign_in.client_id,
            "audience": self._sign_in.audience,
        }
        page = template("sign_in")
        text = page.html.replace(_SETTINGS, html.escape(json.dumps(settings)), 1)
        return self._document(text, page, fetched_origins(provider) if provider else ())

    def _document(self, text: str, page: Template, origins: Sequence[str] = ()) -> Document:
        policy = security_policy(page, uploads=self._uploads, variants=self._variants, origins=origins)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-cache",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Referrer-Policy": "no-referrer",
        }
        return Document(html=text, headers=headers)


def security_policy(page: Template, *, uploads: str, variants: str, origins: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of the page.

    `uploads` is the URL that files are posted to, `variants` what the URLs of variants start with, `origins`
    are those of the provider that people sign in with.
    """
    directives = {
        "default-src": ["'none'"],
        "script-src": page.scripts,
        "style-src": page.styles,
        "connect-src": ["'self'", uploads, *origins],
        "img-src": ["data:", variants],  # data: is the icon of the page
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        # No script can make markup or code out of text. https://www.w3.org/TR/trusted-types/
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _library(match: re.Match[str]) -> str:
    folder = _FOLDER / match["folder"]
    # Its licence goes wherever it goes.
    licence = (folder / "LICENSE.md").read_text("utf-8")
    return f"/*\n{licence}*/\n{(folder / 'index.js').read_text('utf-8')}"


def _source(tag: str, content: str) -> str:
    assert f"</{tag}" not in content, f"a {tag} would end its own element"
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
