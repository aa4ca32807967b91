"""Who made a picture and what it is licensed under, as an original says it in up to three places."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Texts of one line each, empty where the original does not say it.

    `notice` is the copyright notice, `credit` the line to print, `web_statement` the URL of the licence
    and `licensor_url` that of who gives licences.
    """

    creators: tuple[str, ...] = ()
    notice: str = ""
    credit: str = ""
    web_statement: str = ""
    licensor_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.creators or self.notice or self.credit or self.web_statement or self.licensor_url)


NO_RIGHTS = Rights()


def joined(texts: Iterable[str]) -> str:
    """What different places say of the same, without what another of them says as well."""
    kept: list[str] = []
    for text in texts:
        if not any(text in other for other in kept):
            kept = [other for other in kept if other not in text]
            kept.append(text)
    return "; ".join(kept)
