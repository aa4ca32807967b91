"""No text that a client, a token or a queue delivers takes more than linear time to read."""

import json

import pytest

from handlers.api import requests
from handlers.api.cursor import decode_cursor
from handlers.api.principals import identify, without_path
from handlers.api.requests import CreateUploads, FileToUpload, ListImages, Request, decode, decode_query
from handlers.contract.event_order import comparable
from handlers.contract.keys import image_id_of, image_id_of_variant
from handlers.contract.presets import PresetError, parse_presets
from handlers.contract.s3_events import parse_message
from tests.unit.growth import grows_linearly

_ROOM = requests.MAX_JSON_BYTES // 8


def _upload(text: str) -> bytes:
    return b'{"files": [{"name": "' + text.encode() + b'"}]}'


BODIES = {
    "escaped quotes": lambda n: _upload('\\"' * (n // 2)),
    "an open string of escapes": lambda n: b'{"files": ["' + b"\\\\" * (n // 2),
    "quotes": lambda n: b'"' * n,
    "open brackets": lambda n: b"[" * n,
    "open objects": lambda n: b'{"a":' * (n // 5),
    "brackets side by side": lambda n: b'{"files": [' + b"[]," * (n // 3) + b"[]]}",
    "members": lambda n: b"{" + b",".join(b'"%d":1' % i for i in range(n // 10)) + b"}",
    "one member again and again": lambda n: b"{" + b'"files":[],' * (n // 11) + b'"files":[1]}',
    "digits": lambda n: b'{"files": [' + b"9" * n + b"]}",
    "an exponent": lambda n: b'{"files": [1e' + b"9" * n + b"]}",
    "blanks": lambda n: b" " * n,
    "escapes of halves of pairs": lambda n: _upload("\\ud83d" * (n // 6)),
    "bytes that are not UTF-8": lambda n: b'{"files": ["' + b"\xff" * n + b'"]}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", [CreateUploads, FileToUpload])
def test_a_body_is_read_in_linear_time(body, kind):
    assert grows_linearly(lambda text: decode(text, kind), BODIES[body], _ROOM)


TEXTS = {
    "letters": lambda n: "a" * n,
    "slashes": lambda n: "/" * n,
    "percent signs": lambda n: "%25" * (n // 3),
    "colons": lambda n: ":" * n,
    "blanks": lambda n: " " * n,
    "line breaks": lambda n: "\n" * n,
    "halves of pairs": lambda n: "\ud800" * n,
    "zeros": lambda n: "0" * n,
    "role": lambda n: "arn:aws:iam::1:role/" + "a/" * (n // 2),
    "session": lambda n: "arn:aws:sts::1:assumed-role/" + "a/" * (n // 2),
}
READERS = {
    "a request": lambda text: Request.of(
        {"routeKey": "r", "body": text, "pathParameters": {"i": text}, "queryStringParameters": {"q": text},
         "headers": {"content-type": text}}
    ).content_type,
    "a query": lambda text: decode_query({"status": text, "limit": text, "cursor": text}, ListImages),
    "a cursor": decode_cursor,
    "an original's key": lambda text: image_id_of("uploads/" + text),
    "a variant's key": lambda text: image_id_of_variant("resized/" + text),
    "a sequencer": comparable,
    "a role": without_path,
    "a signer": lambda text: identify({"iam": {"userArn": text}}, auth="iam", admins=()),
    "a token": lambda text: identify(
        {"jwt": {"claims": {"iss": text, "sub": text, "scope": text}}}, auth="jwt", admins=()
    ),
    "a preset": lambda text: parse_presets([f"thumbnail 128x128 cover jpeg {text}"]),
    "a preset's box": lambda text: parse_presets([f"thumbnail {text}x1 cover jpeg"]),
    "a message": lambda text: parse_message(json.dumps({"Records": [{"eventName": text, "s3": {
        "bucket": {"name": text}, "object": {"key": text, "sequencer": text, "size": text}}}]})),
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("reader", READERS)
def test_text_is_read_in_linear_time(reader, text):
    assert grows_linearly(READERS[reader], TEXTS[text], 100_000)


@pytest.mark.parametrize("count", [17, 100_000])
def test_presets_are_counted_before_they_are_read(count):
    with pytest.raises(PresetError, match="a stack has 1 to 16"):
        parse_presets(["thumbnail 128x128 cover jpeg"] * count)


def test_the_records_of_a_message_are_read_in_linear_time():
    record = {"eventName": "ObjectCreated:Put"}
    assert grows_linearly(parse_message, lambda n: json.dumps({"Records": [record] * (n // 40)}), 200_000)
