import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.api.problems import Problem
from handlers.api.requests import MAX_FILES, MAX_JSON_BYTES, CreateUploads, FileToUpload, Request, decode


def test_a_request_without_optional_members_is_read():
    request = Request.of({"routeKey": "GET /images"})
    assert request == Request(route="GET /images", path={}, query={}, headers={}, body=b"")


def test_absent_members_may_be_null_too():
    event = {
        "routeKey": "GET /",
        "headers": None,
        "pathParameters": None,
        "queryStringParameters": None,
        "body": None,
    }
    assert Request.of(event).body == b""


@given(st.binary())
def test_a_binary_body_travels_as_base64(body):
    event = {"routeKey": "POST /images", "isBase64Encoded": True, "body": base64.b64encode(body).decode()}
    assert Request.of(event).body == body


@given(st.text())
def test_a_text_body_travels_as_it_is(text):
    event = {"routeKey": "POST /uploads", "isBase64Encoded": False, "body": text}
    assert Request.of(event).body == text.encode()


def test_header_names_are_read_in_any_case():
    event = {"routeKey": "POST /images", "headers": {"CONTENT-Type": "image/png"}}
    assert Request.of(event).content_type == "image/png"


@pytest.mark.parametrize(
    ("header", "content_type"),
    [
        ("image/png", "image/png"),
        ("IMAGE/PNG", "image/png"),
        ("image/png;charset=utf-8", "image/png"),
        (" image/png ; q=1", "image/png"),
        ("", ""),
        (";", ""),
    ],
)
def test_the_content_type_is_the_media_type_alone(header, content_type):
    assert Request.of({"routeKey": "r", "headers": {"content-type": header}}).content_type == content_type


@pytest.mark.parametrize(
    ("handed_over", "value"), [("100%25", "100%"), ("a%252Fb", "a%2Fb"), ("a b/c", "a b/c"), ("1+1", "1+1")]
)
def test_the_last_escape_of_a_path_variable_is_decoded(handed_over, value):
    event = {"routeKey": "r", "pathParameters": {"imageId": handed_over}}
    assert Request.of(event).path == {"imageId": value}


def test_a_file_is_decoded_by_its_names_in_json():
    file = decode(b'{"name": "a", "contentType": "image/png", "bytes": 5}', FileToUpload)
    assert (file.name, file.content_type, file.bytes) == ("a", "image/png", 5)


@pytest.mark.parametrize("count", [1, MAX_FILES])
def test_files_are_counted_before_they_are_read(count):
    assert len(decode(b'{"files": [' + b"{}," * (count - 1) + b"{}]}", CreateUploads).files) == count


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{}", "files"),
        (b'{"files": []}', "files must have at least 1 item"),
        (b'{"files": [' + b"{}," * MAX_FILES + b"{}]}", "files must have at most 100 items"),
        (b'{"files": [{}], "batchId": "a b"}', "batchId must match"),
        (b'{"files": [{}], "batch_id": "a"}', "batch_id"),
        (b"", "ends too early"),
        (b"\xff", "malformed"),
        (b'{"files": ["\xff"], "batchId": "\xff"}', "not UTF-8"),
    ],
)
def test_a_problem_says_what_is_wrong_and_where(body, where):
    with pytest.raises(Problem, match=where) as raised:
        decode(body, CreateUploads)
    assert (raised.value.status, raised.value.code) == (400, "malformed-request")


def test_json_is_bounded_in_size():
    with pytest.raises(Problem) as large:
        decode(b" " * (MAX_JSON_BYTES + 1), CreateUploads)
    assert (large.value.status, large.value.code) == (413, "too-large")


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"files":[' + b"[" * 500_000 + b"]" * 500_000 + b"]}"])
def test_json_that_is_nested_too_deeply_is_malformed(body):
    with pytest.raises(Problem) as deep:
        decode(body, CreateUploads)
    assert deep.value.status == 400


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_replaced_wherever_it_stands(half):
    event = {
        "routeKey": "POST /images",
        "pathParameters": {"imageId": half},
        "queryStringParameters": {half: half},
        "headers": {"content-type": half},
        "body": half,
    }
    request = Request.of(event)
    for text in (
        *request.path.values(),
        *request.query,
        *request.query.values(),
        request.content_type,
        request.body.decode(),
    ):
        assert "?" in text
        assert len(text) == len(half)
