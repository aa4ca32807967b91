"""What a service answers is read in linear time, whatever it is."""

import httpx
import pytest

from imagectl.api_client import Service, _seconds
from imagectl.errors import ServiceUnusable
from imagectl.output import shown
from imagectl.upload.s3_post import _refusal
from tests.unit.growth import grows_linearly

TEXTS = {
    "letters": "a",
    "digits": "9",
    "escaped quotes": '\\"',
    "open brackets": "[",
    "open objects": '{"a":',
    "open elements": "<Code>",
    "closed elements": "</Message>",
    "elements in each other": "<Code><Message>",
    "blanks": " ",
    "escapes": "\x1b[",
}
READERS = {
    "a document": lambda text: service(text).batch("b"),
    "a problem": lambda text: service(text, 400).batch("b"),
    "a refusal of S3": lambda text: _refusal(httpx.Response(403, text=text)),
    "a time to wait": lambda text: _seconds(httpx.Response(429, headers={"Retry-After": text})),
    "a text that is shown": shown,
}


def service(text, status=200):
    answer = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    return Service(httpx.Client(transport=answer), "https://api.example")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("reader", READERS)
def test_an_answer_is_read_in_linear_time(reader, text):
    assert grows_linearly(READERS[reader], lambda n: TEXTS[text] * (n // len(TEXTS[text])), 50_000)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_nested_too_deep_is_not_that_of_the_service(status):
    with pytest.raises(ServiceUnusable, match="does not answer as the image service does"):
        service("[" * 200_000, status).batch("b")
