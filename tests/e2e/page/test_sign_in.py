"""Signing in at a certified provider of OpenID Connect, in a real browser."""

import json
import os
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from local.identity_provider import IdentityProviderError, identity_provider
from local.system import deployed
from tests.e2e.page.browser_tab import PATIENCE, SAMPLES

DEFAULTS = {"accessSeconds": 300, "audience": None, "refresh": True}
MANY = 30  # more than one chunk of policies
SOON = 4  # seconds until a token expires
SLOW = 300_000  # bytes a second, so that no file is stored before


@pytest.fixture(scope="module")
def running_provider():
    try:
        with identity_provider() as running:
            yield running
    except IdentityProviderError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def page_system(chromium_path, running_provider):
    with deployed(config=running_provider.config) as system:
        yield system


@pytest.fixture
def provider(running_provider):
    running_provider.change(**DEFAULTS)
    return running_provider


@pytest.fixture
def tokens(context, provider):
    """The requests to the provider's token endpoint, as they come, with their answers."""
    seen = []

    def note(response):
        if response.url == f"{provider.issuer}/token" and response.request.method == "POST":
            sent = {name: value for name, [value] in parse_qs(response.request.post_data).items()}
            seen.append((sent, response.json()))

    context.on("response", note)
    return seen


def card(page):
    return page.tab.locator("#sign-in")


def title(page, text):
    expect(card(page).get_by_role("heading")).to_have_text(text, timeout=PATIENCE)


def press_sign_in(page):
    page.tab.get_by_role("button", name="Sign in").click()


def identify(tab, name="ada"):
    tab.get_by_placeholder("Enter any login").fill(name)
    tab.get_by_placeholder("and password").fill("any")
    tab.get_by_role("button", name="Sign-in").click()


def consent(tab):
    tab.get_by_role("button", name="Continue").click()


def sign_in(page, name="ada"):
    press_sign_in(page)
    identify(page.tab, name)
    consent(page.tab)
    expect(page.tab.locator("#account-name")).to_have_text(f"{name}@example.com", timeout=PATIENCE)


def photographs(count):
    data = (SAMPLES / "dandelions.jpg").read_bytes()
    return [{"name": f"{n:02}.jpg", "mimeType": "image/jpeg", "buffer": data} for n in range(count)]


def grants(tokens):
    return [sent["grant_type"] for sent, _ in tokens]


def redeemed(page, tokens):
    """The one request that got tokens, with its answer; the browser may report it after what it led to."""
    page.waits_for(lambda: tokens)
    [exchange] = tokens
    return exchange


def secrets(tokens):
    return {value for _, got in tokens for name, value in got.items() if name.endswith("_token")}


def kept(page):
    return page.tab.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])")


def test_a_person_signs_in_and_uploads(visit, provider, tokens):
    page = visit()
    title(page, "Sign in to upload")
    assert Axe().run(page.tab).response["violations"] == []
    sign_in(page)
    expect(page.tab.locator("#account")).to_contain_text(f"ada at {provider.issuer}")
    expect(card(page)).to_be_hidden()
    page.choose(*photographs(1))
    page.settled(1)
    expect(page.row("00.jpg")).to_have_attribute("data-state", "ready")
    sent, _ = redeemed(page, tokens)
    assert sent["grant_type"] == "authorization_code"
    assert len(sent["code_verifier"]) >= 43


def test_there_is_no_form_for_tokens_where_people_sign_in(visit):
    page = visit()
    title(page, "Sign in to upload")
    expect(page.tab.locator("input[type=password]")).to_have_count(0)


def test_tokens_are_in_no_address_storage_log_or_cookie(visit, context, tokens, page_system):
    addresses, printed = [], []
    context.on("request", lambda request: addresses.append(request.url))
    page = visit()
    page.tab.on("console", lambda message: printed.append(message.text))
    sign_in(page)
    page.tab.get_by_role("button", name="Sign out").click()
    page.tab.get_by_role("button", name="Yes, sign me out").click()
    title(page, "Sign in to upload")
    redeemed(page, tokens)
    found = secrets(tokens)
    assert len(found) == 3  # access, ID and refresh token
    logged = page_system.logs(page_system.outputs["apiFunctionName"])
    everything = "\n".join([*addresses, *printed, kept(page), *logged])
    assert [secret for secret in found if secret in everything] == []


def test_the_code_does_not_stay_in_the_address(visit):
    page = visit()
    sign_in(page)
    assert page.tab.url == page.url
    assert "verifier" not in kept(page)


def test_reloading_the_page_signs_in_again_without_a_question(visit, tokens):
    page = visit()
    sign_in(page)
    page.tab.reload()
    expect(page.tab.locator("#account-name")).to_have_text("ada@example.com", timeout=PATIENCE)
    page.waits_for(lambda: grants(tokens) == ["authorization_code"] * 2)


def test_uploads_go_on_unnoticed_when_the_token_expires_in_their_middle(visit, provider, tokens):
    provider.change(accessSeconds=SOON)
    page = visit()
    sign_in(page)
    page.network(upload=SLOW)
    page.choose(*photographs(MANY))
    page.waits_for(lambda: "refresh_token" in grants(tokens))
    assert page.tab.locator('#rows > li[data-state="waiting"]').count() > 0
    page.network()
    page.settled(MANY)
    expect(page.tab.locator('#rows > li[data-state="ready"]')).to_have_count(MANY)
    expect(card(page)).to_be_hidden()
    assert set(grants(tokens)[1:]) == {"refresh_token"}


def test_without_renewal_uploads_wait_for_a_person_who_signs_in_beside_them(visit, provider, context):
    provider.change(accessSeconds=SOON, refresh=False)
    page = visit()
    sign_in(page)
    page.network(upload=SLOW)
    page.choose(*photographs(MANY))
    title(page, "Sign in again")
    provider.change(accessSeconds=300)
    with context.expect_page() as opened:
        press_sign_in(page)
    with opened.value.expect_event("close"):
        pass  # the provider still knows the person
    expect(card(page)).to_be_hidden()
    page.network()
    page.settled(MANY)
    expect(page.tab.locator('#rows > li[data-state="ready"]')).to_have_count(MANY)


def test_uploads_of_one_account_do_not_go_on_in_another(visit, provider, context):
    provider.change(accessSeconds=SOON, refresh=False)
    page = visit()
    sign_in(page)
    page.network(upload=SLOW)
    page.choose(*photographs(MANY))
    title(page, "Sign in again")
    context.clear_cookies()
    with context.expect_page() as opened:
        press_sign_in(page)
    identify(opened.value, "eve")
    consent(opened.value)
    title(page, "This is another account")
    expect(page.tab.locator("#account")).to_have_text("Not signed in.")


def test_tokens_for_another_audience_are_not_accepted_and_not_asked_for_again(visit, provider, tokens):
    provider.change(audience="urn:another-service")
    page = visit()
    press_sign_in(page)
    identify(page.tab)
    consent(page.tab)
    title(page, "This service does not accept your sign-in")
    page.tab.reload()
    title(page, "Sign in to upload")
    page.waits_for(lambda: tokens)
    assert grants(tokens) == ["authorization_code"]


def test_who_refuses_consent_is_not_signed_in(visit, tokens):
    page = visit()
    press_sign_in(page)
    identify(page.tab)
    page.tab.get_by_role("link", name="Cancel").click()
    title(page, "You are not signed in")
    assert page.tab.url == page.url
    assert tokens == []


def test_a_code_that_comes_again_signs_nobody_in(visit, context, provider, tokens):
    answers = []

    def note(request):
        if "code=" in urlsplit(request.url).query and "state=" in urlsplit(request.url).query:
            answers.append(request.url)

    context.on("request", note)
    page = visit()
    sign_in(page)
    [answer] = answers
    sent, got = redeemed(page, tokens)
    # In the browser: the attempt that the code belongs to is over.
    other = visit()
    other.tab.goto(answer)
    title(other, "The sign-in did not work")
    assert len(tokens) == 1
    # At the provider, with all that the page had, verifier included: the grant is revoked.
    assert httpx.post(f"{provider.issuer}/token", data=sent).json()["error"] == "invalid_grant"
    renewal = {
        "grant_type": "refresh_token",
        "refresh_token": got["refresh_token"],
        "client_id": sent["client_id"],
    }
    assert httpx.post(f"{provider.issuer}/token", data=renewal).json()["error"] == "invalid_grant"


def test_an_answer_that_nobody_asked_for_is_not_redeemed(visit, tokens):
    page = visit("?code=theirs&state=theirs")
    title(page, "The sign-in did not work")
    assert page.tab.url == page.url
    assert tokens == []


@pytest.mark.parametrize(("name", "value"), [("nonce", "another"), ("code_challenge", "a" * 43)])
def test_an_answer_to_another_attempt_is_not_accepted(visit, context, provider, name, value):
    def forge(route):
        address = re.sub(rf"(?<=[?&]){name}=[^&]+", f"{name}={value}", route.request.url)
        route.fulfill(status=302, headers={"Location": address + "&forged"})

    page = visit()
    page.tab.route(re.compile(r"/auth\?(?!.*&forged$)"), forge, times=1)
    press_sign_in(page)
    identify(page.tab)
    consent(page.tab)
    title(page, "The sign-in did not work")
    expect(page.tab.locator("#account")).to_have_text("Not signed in.")


def test_signing_out_ends_the_session_of_the_page_and_of_the_provider(visit, provider, tokens):
    page = visit()
    sign_in(page)
    page.tab.get_by_role("button", name="Sign out").click()
    page.tab.get_by_role("button", name="Yes, sign me out").click()
    title(page, "Sign in to upload")
    assert page.tab.url == page.url
    assert json.loads(kept(page)) == [{}, {}, ""]
    sent, got = redeemed(page, tokens)
    renewal = {
        "grant_type": "refresh_token",
        "refresh_token": got["refresh_token"],
        "client_id": sent["client_id"],
    }
    assert httpx.post(f"{provider.issuer}/token", data=renewal).json()["error"] == "invalid_grant"
    press_sign_in(page)
    expect(page.tab.get_by_placeholder("Enter any login")).to_be_visible()


def test_a_provider_that_is_away_is_not_asked_for(visit, context):
    page = visit()

    def without_provider(route):
        answer = route.fetch()
        body = re.sub(r'data-settings="[^"]*"', 'data-settings="{&quot;provider&quot;: null}"', answer.text())
        route.fulfill(response=answer, body=body)

    page.tab.route(page.url, without_provider, times=1)
    page.tab.reload()
    title(page, "The sign-in service cannot be reached")
    press_sign_in(page)  # which looks again
    title(page, "Sign in to upload")
