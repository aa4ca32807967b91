import base64
import hashlib
import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.api import entry_point, page, problems
from handlers.contract.formats import FORMATS
from handlers.contract.rejections import ImageRejected
from tests.unit.http_events import http_event

FOLDER = Path(page.__file__).parent
PARTS = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir() if path.suffix in {".js", ".css"}}
SCRIPTS = {name: text for name, text in PARTS.items() if name.endswith(".js")}
POLICY = page.security_policy(uploads="https://in.example/", variants="https://out.example/resized/")


def directives(policy):
    return {name: sources for name, _, sources in (each.partition(" ") for each in policy.split("; "))}


def words(name):
    """The keys of an object in words.js."""
    [body] = re.findall(rf"const {name} = \{{(.*?)\n\}};", PARTS["words.js"], re.DOTALL)
    return {key.strip('"') for key in re.findall(r'^  ("?[\w-]+"?):', body, re.MULTILINE)}


def test_every_part_of_the_page_is_in_it_once():
    html = page.document().html
    for name, text in PARTS.items():
        assert html.count(text) == 1, name
    assert not re.findall(r'<script[^>]+src|<link rel="stylesheet"', html)


@pytest.mark.parametrize(("tag", "directive"), [("script", "script-src"), ("style", "style-src")])
def test_the_policy_names_each_part_by_its_hash_and_allows_no_other(tag, directive):
    parts = re.findall(rf"<{tag}>(.*?)</{tag}>", page.document().html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts]
    assert directives(POLICY)[directive] == " ".join(f"'sha256-{digest}'" for digest in digests)


def test_the_page_may_talk_to_its_api_and_its_buckets_alone():
    allowed = directives(POLICY)
    assert allowed["default-src"] == "'none'"
    assert allowed["connect-src"] == "'self' https://in.example/"
    assert allowed["img-src"] == "data: https://out.example/resized/"
    assert allowed["frame-ancestors"] == "'none'"
    assert allowed["base-uri"] == "'none'"
    assert allowed["form-action"] == "'none'"
    assert "unsafe" not in POLICY
    assert "*" not in POLICY


def test_nothing_in_the_page_comes_from_another_host():
    html = page.document().html
    hosts = set(re.findall(r"https?://([\w.-]+)", html))
    assert hosts == {"www.w3.org", "evanw.github.io"}  # a namespace, and a source in a comment
    assert not re.findall(r"@import|url\(", html)


def test_markup_holds_neither_handlers_nor_styles():
    html = (FOLDER / "index.html").read_text("utf-8")
    assert not re.findall(r"<[^>]+\s(on\w+|style)\s*=", html)


def test_no_script_makes_markup_or_code_out_of_text():
    risky = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(|DOMParser|srcdoc"
    )
    assert [name for name, text in SCRIPTS.items() if risky.search(text)] == []


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
    assert answer["body"] == page.document().html
    headers = answer["headers"]
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    allowed = directives(headers["Content-Security-Policy"])
    originals = "https://originals.s3.eu-central-1.amazonaws.com/"
    assert allowed["connect-src"] == f"'self' {originals}"
    assert allowed["img-src"].endswith("/resized/")


def call_page():
    return entry_point.handler(http_event("GET /"), SimpleNamespace(aws_request_id="r1"))


def test_the_types_by_extension_are_those_of_the_service():
    table = re.search(r"const TYPES = \{(.*?)\};", page.document().html, re.DOTALL)[1]
    types = dict(re.findall(r'(\w+): "([^"]+)"', table))
    assert types
    for extension, content_type in types.items():
        [known] = [each for each in FORMATS.values() if extension in each.extensions]
        assert content_type in known.content_types
