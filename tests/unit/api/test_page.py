import base64
import hashlib
import html
import inspect
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.api import entry_point, page, problems
from handlers.api.page import discovery
from handlers.contract.formats import FORMATS
from handlers.contract.rejections import ImageRejected
from local import identity_provider
from tests.unit.http_events import http_event

FOLDER = Path(page.__file__).parent
PARTS = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir() if path.suffix in {".js", ".css"}}
SCRIPTS = {name: text for name, text in PARTS.items() if name.endswith(".js")}
CARDS = ("token_form", "sign_in")
LIBRARY = FOLDER / "oauth4webapi"
PROVIDER = Path(identity_provider.__file__).parent
ISSUER = "https://id.example/pool"
ELSEWHERE = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize",
    "token_endpoint": "https://login.example:8443/token",
    "revocation_endpoint": "https://login.example:8443/revoke",
}
ADDRESSES = {"uploads": "https://in.example/", "variants": "https://out.example/resized/"}


def directives(policy):
    return {name: sources for name, _, sources in (each.partition(" ") for each in policy.split("; "))}


def words(name):
    """The keys of an object in words.js."""
    [body] = re.findall(rf"const {name} = \{{(.*?)\n\}};", PARTS["words.js"], re.DOTALL)
    return {key.strip('"') for key in re.findall(r'^  ("?[\w-]+"?):', body, re.MULTILINE)}


@pytest.fixture(params=CARDS)
def template(request):
    return page.template(request.param)


def own_scripts(card):
    return {
        name: text
        for name, text in PARTS.items()
        if name not in {f"{each}.js" for each in CARDS if each != card}
    }


@pytest.mark.parametrize("card", CARDS)
def test_every_part_of_the_page_is_in_it_once_and_the_other_card_is_not(card):
    text = page.template(card).html
    for name, part in PARTS.items():
        _, _, body = part.rpartition('/index.js";\n')  # whatever comes before is replaced by the library
        assert text.count(body) == (name in own_scripts(card)), name
    assert not re.findall(r'<script[^>]+src|<link rel="stylesheet"|<!-- ', text)


def test_the_library_is_where_people_sign_in_alone_and_comes_with_its_licence():
    library, licence = (LIBRARY / "index.js").read_text("utf-8"), (LIBRARY / "LICENSE.md").read_text("utf-8")
    text = page.template("sign_in").html
    assert text.count(library) == 1
    assert text.index(licence) < text.index(library)
    assert library not in page.template("token_form").html


def test_the_library_is_the_file_of_the_pinned_package():
    package = PROVIDER / "node_modules" / "oauth4webapi"
    if not package.is_dir():
        missing = "the package is installed by `make provider`, which needs Node"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    assert (LIBRARY / "index.js").read_bytes() == (package / "build" / "index.js").read_bytes()
    assert (LIBRARY / "LICENSE.md").read_bytes() == (package / "LICENSE.md").read_bytes()


def test_the_version_of_the_library_is_the_pinned_one():
    locked = json.loads((PROVIDER / "package-lock.json").read_text("utf-8"))["packages"]
    version = locked["node_modules/oauth4webapi"]["version"]
    assert f"'v{version}'" in (LIBRARY / "index.js").read_text("utf-8")


def test_the_library_hides_no_name_of_the_page():
    names = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let|var)\*? ([\w$]+)", re.MULTILINE)
    taken = set(names.findall((LIBRARY / "index.js").read_text("utf-8")))
    assert len(taken) > 100
    assert {
        name: found for name, text in SCRIPTS.items() if (found := taken & set(names.findall(text)))
    } == {}


@pytest.mark.parametrize(("tag", "directive"), [("script", "script-src"), ("style", "style-src")])
def test_the_policy_names_each_part_by_its_hash_and_allows_no_other(template, tag, directive):
    parts = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", template.html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts]
    policy = page.security_policy(template, **ADDRESSES)
    assert directives(policy)[directive] == " ".join(f"'sha256-{digest}'" for digest in digests)


def test_the_page_may_talk_to_its_api_and_its_buckets_alone(template):
    policy = page.security_policy(template, **ADDRESSES)
    allowed = directives(policy)
    assert allowed["default-src"] == "'none'"
    assert allowed["connect-src"] == "'self' https://in.example/"
    assert allowed["img-src"] == "data: https://out.example/resized/"
    assert allowed["frame-ancestors"] == "'none'"
    assert allowed["base-uri"] == "'none'"
    assert allowed["form-action"] == "'none'"
    assert allowed["require-trusted-types-for"] == "'script'"
    assert allowed["trusted-types"] == "'none'"
    assert "unsafe" not in policy
    assert "*" not in policy


def test_nothing_in_the_page_comes_from_another_host(template):
    hosts = set(re.findall(r"https?://([\w.-]+)", template.html))
    # A namespace, and sources in comments.
    assert hosts <= {"www.w3.org", "evanw.github.io", "docs.aws.amazon.com"}
    assert not re.findall(r"@import|url\(", template.html)


def test_markup_holds_neither_handlers_nor_styles():
    for name in ("index", *CARDS):
        text = (FOLDER / f"{name}.html").read_text("utf-8")
        assert not re.findall(r"<[^>]+\s(on\w+|style)\s*=", text)


def test_no_script_makes_markup_or_code_out_of_text():
    risky = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(|DOMParser|srcdoc"
    )
    scripts = SCRIPTS | {"library": (LIBRARY / "index.js").read_text("utf-8")}
    assert [name for name, text in scripts.items() if risky.search(text)] == []


def test_every_script_is_strict():
    assert {text.splitlines()[0] for text in SCRIPTS.values()} == {'"use strict";'}


def test_every_reason_for_a_rejection_has_its_words():
    assert words("REASONS") == {kind.__name__ for kind in ImageRejected.__subclasses__()}


def test_every_problem_of_the_api_has_its_words():
    codes = set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z-]+)"', inspect.getsource(problems)))
    assert len(codes) > 5
    assert words("PROBLEMS") == codes


def test_the_api_serves_the_page_with_its_policy(api):
    answer = call_page()
    assert answer["statusCode"] == 200
    assert answer["body"] == page.template("token_form").html
    headers = answer["headers"]
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    allowed = directives(headers["Content-Security-Policy"])
    originals = "https://originals.s3.eu-central-1.amazonaws.com/"
    assert allowed["connect-src"] == f"'self' {originals}"
    assert allowed["img-src"].endswith("/resized/")


@pytest.fixture
def signing_in(api_with, monkeypatch):
    """The answer to a request for the page of a stack that signs people in, by what its issuer says."""

    def call(document):
        def fetch(url):
            assert url == f"{ISSUER}/.well-known/openid-configuration"
            if isinstance(document, Exception):
                raise document
            return document

        monkeypatch.setattr(discovery, "_get", fetch)
        api_with(jwt_issuer=ISSUER, sign_in_client_id="<page>", sign_in_audience="images", api_auth="jwt")
        return call_page()

    return call


def settings_of(answer):
    [settings] = re.findall(r'data-settings="([^"]*)"', answer["body"])
    return json.loads(html.unescape(settings))


def test_the_page_knows_whom_to_ask_and_may_ask_nobody_else(signing_in):
    answer = signing_in(json.dumps(ELSEWHERE | {"userinfo_endpoint": "https://other.example/me"}).encode())
    assert settings_of(answer) == {"provider": ELSEWHERE, "clientId": "<page>", "audience": "images"}
    assert "<page>" not in answer["body"]
    allowed = directives(answer["headers"]["Content-Security-Policy"])
    originals = "https://originals.s3.eu-central-1.amazonaws.com/"
    assert allowed["connect-src"] == f"'self' {originals} https://login.example:8443"


@pytest.mark.parametrize("document", [b"<html>", OSError("no route")])
def test_a_page_whose_issuer_is_away_says_so_itself(signing_in, document):
    answer = signing_in(document)
    assert answer["statusCode"] == 200
    assert settings_of(answer)["provider"] is None
    assert "https://login" not in answer["headers"]["Content-Security-Policy"]


def test_the_answer_of_a_provider_is_not_in_the_logs(signing_in, capsys):
    signing_in(json.dumps(ELSEWHERE).encode())
    entry_point.handler(
        http_event("GET /", query={"code": "c0de", "state": "5tate"}),
        SimpleNamespace(aws_request_id="r1"),
    )
    out, err = capsys.readouterr()
    assert "c0de" not in out + err
    assert "5tate" not in out + err


def call_page():
    return entry_point.handler(http_event("GET /"), SimpleNamespace(aws_request_id="r1"))


def test_the_types_by_extension_are_those_of_the_service():
    table = re.search(r"const TYPES = \{(.*?)\};", page.template("sign_in").html, re.DOTALL)[1]
    types = dict(re.findall(r'(\w+): "([^"]+)"', table))
    assert types
    for extension, content_type in types.items():
        [known] = [each for each in FORMATS.values() if extension in each.extensions]
        assert content_type in known.content_types
