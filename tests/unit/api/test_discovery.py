import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from handlers.api.page.discovery import Discovery, DiscoveryError, configuration_url, fetched_origins, parse

ISSUER = "https://id.example/pool"
DESCRIBED = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize?tenant=a",
    "token_endpoint": "https://login.example/token",
    "end_session_endpoint": "https://login.example/logout",
    "scopes_supported": ["openid", "email"],
    "jwks_uri": "https://id.example/keys",
}


def document(**changes):
    described = {name: value for name, value in (DESCRIBED | changes).items() if value is not None}
    return json.dumps(described).encode()


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


class Issuer:
    """Answers with a document, or fails; counts how often it is asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def __call__(self, url):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def discovering(issuer, clock):
    return Discovery(ISSUER, logger=logging.getLogger(__name__), fetch=issuer, now=clock)


def test_the_page_learns_what_it_uses_and_no_more():
    provider = parse(document(), ISSUER)
    assert provider == {name: value for name, value in DESCRIBED.items() if name != "jwks_uri"}
    assert fetched_origins(provider) == ("https://login.example",)


@pytest.mark.parametrize("issuer", ["https://tenant.example", "https://tenant.example/"])
def test_an_issuer_with_a_slash_at_its_end_is_found_like_one_without(issuer):
    assert configuration_url(issuer) == "https://tenant.example/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not the document of this issuer"),
        (document(issuer=f"{ISSUER}/"), "not the document of this issuer"),
        (document(token_endpoint=None), "no token_endpoint"),
        (document(authorization_endpoint="javascript:alert(1)"), "authorization_endpoint is not"),
        (document(token_endpoint="http://login.example/token"), "token_endpoint is not"),
        (document(token_endpoint="https://login.example;script-src/token"), "token_endpoint is not"),
        (document(token_endpoint="https://me@login.example/token"), "token_endpoint is not"),
        (document(token_endpoint="https://*/token"), "token_endpoint is not"),
        (document(token_endpoint=7), "token_endpoint is not"),
        (document(end_session_endpoint="data:text/html,x"), "end_session_endpoint is not"),
    ],
)
def test_a_document_that_could_mislead_the_page_is_refused(answer, reason):
    with pytest.raises(DiscoveryError, match=reason):
        parse(answer, ISSUER)


def test_plain_http_is_for_an_issuer_that_has_it_itself():
    here = "http://127.0.0.1:9000"
    changes = {"authorization_endpoint": f"{here}/auth", "token_endpoint": f"{here}/token"}
    assert fetched_origins(parse(document(issuer=here, **changes), here)) == (here,)


def test_an_issuer_is_asked_once_an_hour():
    clock, issuer = Clock(), Issuer(document())
    discovery = discovering(issuer, clock)
    assert discovery.provider() == discovery.provider()
    assert issuer.asked == 1
    clock.seconds += 3600
    issuer.answer = document(token_endpoint="https://moved.example/token")
    assert discovery.provider()["token_endpoint"] == "https://moved.example/token"


def test_an_issuer_that_is_away_is_asked_again_after_a_while_and_what_was_known_remains_known():
    clock, issuer = Clock(), Issuer(ConnectionRefusedError())
    discovery = discovering(issuer, clock)
    assert discovery.provider() is None
    assert discovery.provider() is None
    assert issuer.asked == 1
    clock.seconds += 10
    issuer.answer = document()
    known = discovery.provider()
    assert known is not None
    clock.seconds += 3600
    issuer.answer = b"<html>"
    assert discovery.provider() == known


@pytest.fixture
def server():
    """A server whose answers are given by path: status, headers, body."""
    answers = {}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", answers
        running.shutdown()


def test_a_document_comes_over_the_network(server):
    url, answers = server
    changes = {"authorization_endpoint": f"{url}/auth", "token_endpoint": f"{url}/token"}
    body = document(issuer=f"{url}/pool", **changes)
    answers["/pool/.well-known/openid-configuration"] = (200, {}, body)
    discovery = Discovery(f"{url}/pool", logger=logging.getLogger(__name__))
    assert discovery.provider()["token_endpoint"] == f"{url}/token"


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b""),
        (302, {"Location": "/pool/elsewhere"}, b""),
        (200, {}, document() + b" " * 64 * 1024),
    ],
)
def test_neither_redirects_nor_endless_documents_are_followed(server, answer, caplog):
    url, answers = server
    answers["/pool/.well-known/openid-configuration"] = answer
    answers["/pool/elsewhere"] = (200, {}, document(issuer=f"{url}/pool"))
    assert Discovery(f"{url}/pool", logger=logging.getLogger(__name__)).provider() is None
    assert "issuer not discovered" in caplog.text
