import json

import pytest

from handlers.api.problems import Problem
from handlers.api.requests import CreateUploads, FileToUpload, ListImages, decode, decode_query

FILE = {"name": "a.jpg", "contentType": "image/jpeg", "bytes": 1}


def refusal(call) -> str:
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.document()["detail"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"limit": "101"}, "limit must be at most 100."),
        ({"limit": "0"}, "limit must be at least 1."),
        ({"limit": "many"}, "limit must be a whole number, not text."),
        ({"status": "DONE"}, "status must be one of PENDING, READY, REJECTED, FAILED, not 'DONE'."),
        ({"cursor": "x" * 3000}, "cursor must have at most 2048 characters."),
    ],
)
def test_a_query_is_refused_in_a_sentence(query, sentence):
    assert refusal(lambda: decode_query(query, ListImages)) == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bytes": 0}, "bytes must be at least 1."),
        ({"bytes": 1.5}, "bytes must be a whole number, not a number."),
        ({"bytes": "1"}, "bytes must be a whole number, not text."),
        ({"name": ""}, "name must have at least 1 character."),
        ({"contentType": None}, "contentType must be text, not null."),
        ({"sha256": "x"}, "sha256 must match ^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$."),
        ({"lane": "fast"}, "lane must be one of express, bulk, not 'fast'."),
        ({"colour": 1}, "The request has an unknown member: colour."),
    ],
)
def test_a_file_is_refused_in_a_sentence(changes, sentence):
    body = json.dumps(FILE | changes).encode()
    assert refusal(lambda: decode(body, FileToUpload)) == sentence


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The JSON ends too early."),
        (b"{nonsense", "The JSON is malformed at byte 1."),
        (b"[]", "The request must be an object, not a list."),
        (b"{}", "The request has no files."),
        (b'{"files": []}', "files must have at least 1 item."),
        (b'{"files": 1}', "files must be a list, not a whole number."),
        (b'{"files": [1], "batchId": "a b"}', "batchId must match ^[A-Za-z0-9_-]{1,64}$."),
        (b'{"files": [1], "batchId": "\xff"}', "The JSON is not UTF-8."),
    ],
)
def test_a_body_is_refused_in_a_sentence(body, sentence):
    assert refusal(lambda: decode(body, CreateUploads)) == sentence


def test_no_text_of_a_client_makes_the_library_speak():
    body = json.dumps(FILE | {"a` - at `$.b`\n": 1}).encode()
    assert "Object" not in refusal(lambda: decode(body, FileToUpload))
