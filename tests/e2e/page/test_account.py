"""The page shows whose account it uploads to, and nobody else can choose it."""

import base64
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

ISSUER = "https://id.example/pool"
OVERRIDE = "\u202e"


def token_of(**claims):
    payload = json.dumps({"iss": ISSUER, **claims}, ensure_ascii=False).encode()
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


@pytest.fixture
def guarded(visit):
    """The page of a service that wants a token, and any will do."""

    def guard(route):
        if route.request.headers.get("authorization"):
            route.continue_()
        else:
            route.fulfill(status=401, json={"message": "Unauthorized"})

    page = visit()
    page.tab.route(re.compile(re.escape(page.url) + ".+"), guard)
    page.tab.reload()
    return page


def sign_in(page, token):
    field = page.tab.get_by_role("textbox", name="Access token")
    field.fill(token)
    page.tab.keyboard.press("Enter")
    expect(field).to_be_hidden()


def test_a_token_in_the_address_is_neither_used_nor_kept(visit, context):
    mine = visit()
    mine.tab.evaluate("sessionStorage.setItem('token', 'mine')")
    with mine.tab.expect_request("**/images?*") as request:
        mine.tab.goto(f"{mine.url}?again#token=theirs")
    assert request.value.headers["authorization"] == "Bearer mine"
    assert mine.tab.evaluate("Object.values({ ...sessionStorage, ...localStorage })") == ["mine"]
    fresh = visit("#token=theirs")
    assert fresh.tab.evaluate("sessionStorage.length + localStorage.length") == 0


def test_the_account_of_the_token_is_shown(guarded):
    account = guarded.tab.locator("#account")
    expect(account).to_have_text("Not signed in.")
    sign_in(guarded, token_of(sub="17f2", email="ada@example.com"))
    expect(account).to_have_text(f"Your uploads go to ada@example.com 17f2 at {ISSUER}")
    guarded.tab.get_by_role("button", name="Forget my token").click()
    expect(account).to_have_text("Not signed in.")


def test_a_token_without_a_name_shows_its_subject(guarded):
    sign_in(guarded, token_of(sub="17f2"))
    expect(guarded.tab.locator("#account")).to_have_text(f"Your uploads go to 17f2 {ISSUER}")


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "e30.bnVsbA.c2ln", "..", token_of()])
def test_a_token_without_claims_is_said_to_name_nobody(guarded, token):
    sign_in(guarded, token)
    expect(guarded.tab.locator("#account")).to_contain_text("an account that the token does not name")


def test_what_a_token_claims_is_shown_as_text_and_does_not_leave_its_place(guarded):
    guarded.tab.set_viewport_size({"width": 360, "height": 800})
    name = f"<img src=x>{OVERRIDE}" + "w" * 300
    sign_in(guarded, token_of(sub="17f2", email=name))
    expect(guarded.tab.locator("#account-name")).to_have_text(name)
    expect(guarded.tab.locator("#account-name")).to_have_css("unicode-bidi", "isolate")
    expect(guarded.tab.locator("img[src='x']")).to_have_count(0)
    assert guarded.tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert Axe().run(guarded.tab).response["violations"] == []


def test_a_service_without_tokens_says_that_it_is_open_to_everyone(page):
    expect(page.tab.locator("#account")).to_contain_text("whoever has this address can see and delete")
