"""Text from metadata: in whatever encoding it comes, and without what does not belong into one line."""

import re

MAX_CHARACTERS = 4096
"""The longest text that is looked at."""

# Controls, line and paragraph separators, the controls of writing direction, and what XML
# does not allow. Spelled out, because the character classes of Python change with its version, and the
# bytes of variants must not.
_UNWANTED = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]+")


def decoded(raw: bytes) -> str:
    """Text that is UTF-8, or else Windows-1252, the usual one of programs that write neither.

    UTF-8 that was cut within a character, as fields of fixed length are, loses that character.
    """
    raw = raw[: 4 * MAX_CHARACTERS]
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        whole, rest = raw[: error.start], raw[error.start :]
        # A single byte behind nothing but ASCII is the last letter of a name such as José.
        if error.reason == "unexpected end of data" and (len(rest) > 1 or not whole.isascii()):
            return whole.decode()
        return raw.decode("cp1252", "replace")


def one_line(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """The text as one line of printable characters, cut to a length."""
    return _UNWANTED.sub(" ", text[:MAX_CHARACTERS]).strip()[:max_characters].rstrip()
