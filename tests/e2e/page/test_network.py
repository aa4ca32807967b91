import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.actions import eventually
from tests.e2e.page.browser_tab import PATIENCE, PHOTOGRAPHS, SAMPLES

ORIGINALS = re.compile(r"/intake-originals-[^/]*/?$")  # what uploads are posted to
QUOTA = {"type": "urn:image-intake:problem:quota-exceeded", "title": "x", "status": 429, "limit": 1}
POLICY_EXPIRED = "<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>"


def images_named(system, name):
    listed = system.api.call("GET", "/images?limit=100", auth=None).json()["images"]
    return [image for image in listed if image.get("fileName") == name]


def announcements(page):
    """The files of each call for policies, as they come."""
    asked = []

    def note(request):
        if request.url.endswith("/uploads"):
            asked.append(request.post_data_json["files"])

    page.tab.on("request", note)
    return asked


def cors(status, body=""):
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/xml"}
    return {"status": status, "headers": headers, "body": body}


def named(name):
    return {"name": name, "mimeType": "image/jpeg", "buffer": (SAMPLES / "dandelions.jpg").read_bytes()}


def test_an_upload_survives_a_cut_of_the_network(page, wire, page_system):
    page.network(upload=200_000)
    page.choose(named("survivor.jpg"))
    row = page.row("survivor.jpg")
    sent = row.locator("progress")
    assert eventually(lambda: sent.evaluate("bar => bar.value") > 0.1)
    wire.cut()
    expect(row).to_have_attribute("data-state", "interrupted")
    expect(row).to_contain_text("Connection lost; goes on by itself")
    assert 0.1 < sent.evaluate("bar => bar.value") < 0.9
    wire.mend()
    page.network()
    expect(row).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    assert [image["status"] for image in images_named(page_system, "survivor.jpg")] == ["READY"]


def test_the_page_says_that_it_is_offline_and_goes_on_when_it_is_not(page, wire):
    page.network(upload=200_000)
    page.choose(named("offline.jpg"))
    row = page.row("offline.jpg")
    expect(row).to_have_attribute("data-state", "uploading")
    wire.cut()
    page.network(offline=True)
    expect(row).to_have_attribute("data-state", "interrupted")
    expect(page.tab.locator("#offline")).to_contain_text("You are offline.")
    wire.mend()
    page.network()
    expect(row).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    expect(page.tab.locator("#offline")).to_be_hidden()


def test_files_added_while_offline_wait_for_the_network(page):
    page.network(offline=True)
    page.choose(*PHOTOGRAPHS)
    expect(page.rows).to_have_count(3)
    page.network()
    page.settled(3)
    expect(page.tab.locator("#summary")).to_have_text("3 of 3 files ready")


def test_an_expired_policy_is_signed_again_for_the_same_image(page, page_system):
    asked = announcements(page)
    page.tab.route(ORIGINALS, lambda route: route.fulfill(**cors(403, POLICY_EXPIRED)), times=1)
    page.choose(named("expired.jpg"))
    page.settled(1)
    expect(page.row("expired.jpg")).to_have_attribute("data-state", "ready")
    [image] = images_named(page_system, "expired.jpg")
    assert [files[0].get("imageId") for files in asked] == [None, image["imageId"]]


def test_an_upload_whose_answer_was_lost_is_not_sent_twice(page, page_system):
    posted = []

    def lose_answer(route):
        posted.append(route)
        route.fetch()
        assert eventually(lambda: images_named(page_system, "lost.jpg")[0]["status"] == "READY")
        route.abort("connectionreset")

    page.tab.route(ORIGINALS, lose_answer)
    page.choose(named("lost.jpg"))
    page.settled(1)
    expect(page.row("lost.jpg")).to_have_attribute("data-state", "ready")
    assert len(posted) == 1


def test_a_busy_api_is_asked_again(page):
    page.tab.route("**/uploads", lambda route: route.fulfill(status=429, json={"message": "x"}), times=2)
    page.choose(named("busy.jpg"))
    page.settled(1)
    expect(page.row("busy.jpg")).to_have_attribute("data-state", "ready")


def test_uploads_beyond_the_quota_wait_in_words_and_go_on_by_themselves(page):
    page.tab.clock.install()
    page.tab.route("**/uploads", used_up, times=1)
    page.tab.route("**/uploads", partly, times=1)  # what is routed last is asked first
    page.choose(named("first.jpg"), named("later.jpg"), named("cancelled.jpg"))
    notice = page.tab.locator("#quota")
    expect(notice).to_contain_text("You may upload 1 image an hour. The others go on by themselves at")
    expect(page.row("first.jpg")).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    expect(page.row("later.jpg")).to_have_attribute("data-state", "waiting")
    page.row("cancelled.jpg").get_by_role("button", name="Cancel").click()
    asked = announcements(page)
    page.tab.clock.fast_forward("01:00:01")
    expect(page.row("later.jpg")).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    expect(notice).to_be_hidden()
    assert [[file["name"] for file in files] for files in asked] == [["later.jpg"]]


def test_a_long_upload_says_what_is_left_of_the_quota_and_what_is_beyond_it(page):
    counts = {"images": (100, 98), "bytes": (10**12, 0), "express": (30, 30)}
    reset = {"resetsAt": "2026-01-02T04:00:00.000Z"}
    quota = {name: {"limit": limit, "used": used} | reset for name, (limit, used) in counts.items()}
    page.tab.route("**/quota", lambda route: route.fulfill(json=quota))
    asked = page.held("**/uploads")
    page.choose(*({**named(f"{n}.jpg"), "buffer": b"no image"} for n in range(40)))
    page.waits_for(lambda: len(asked) == 1)
    notice = page.tab.locator("#allowance")
    expect(notice).to_contain_text("You may upload 2 more images, 1.0 TB in all, until")
    expect(notice).to_contain_text("13 files beyond that will go on by themselves then.")


def test_a_handful_of_files_says_nothing_about_the_quota(page):
    asked = page.held("**/quota")
    page.choose(named("one.jpg"), named("two.jpg"))
    page.settled(2)
    assert asked == []
    expect(page.tab.locator("#allowance")).to_be_hidden()


@pytest.mark.parametrize(
    ("lane", "sentence"),
    [
        ("express", "Uploaded; sizes are being made"),
        ("bulk", "Uploaded; sizes are made when its turn comes"),
    ],
)
def test_an_image_that_waits_says_so_in_the_words_of_its_lane(page, lane, sentence):
    def ask_for_lane(route):
        [file] = route.request.post_data_json["files"]
        route.continue_(
            post_data=json.dumps(route.request.post_data_json | {"files": [file | {"lane": lane}]})
        )

    page.tab.route("**/uploads", ask_for_lane)
    page.tab.route("**/images/*", lambda route: route.fulfill(json={"status": "PENDING"}))
    page.choose(named("waiting.jpg"))
    expect(page.row("waiting.jpg")).to_contain_text(sentence, timeout=PATIENCE)


def test_a_file_that_is_cancelled_while_it_is_announced_does_not_wait_for_the_quota(page):
    asked = page.held("**/uploads")
    page.choose(named("cancelled.jpg"))
    page.waits_for(lambda: len(asked) == 1)
    page.row("cancelled.jpg").get_by_role("button", name="Cancel").click()
    with page.tab.expect_response("**/uploads"):
        used_up(asked[0])
    page.choose(named("other.jpg"))
    page.waits_for(lambda: len(asked) == 2)
    assert [file["name"] for file in asked[1].request.post_data_json["files"]] == ["other.jpg"]


def partly(route):
    """Let the first file pass, and find the others beyond the quota."""
    first, *others = route.request.post_data_json["files"]
    answer = route.fetch(post_data=json.dumps(route.request.post_data_json | {"files": [first]})).json()
    route.fulfill(json=answer | {"files": [*answer["files"], *({"error": QUOTA} for _ in others)]})


def used_up(route):
    headers = {"Content-Type": "application/problem+json", "Retry-After": "3600"}
    route.fulfill(status=429, headers=headers, body=json.dumps(QUOTA))


def test_what_the_storage_refuses_fails_in_words_and_can_be_tried_again(page):
    page.tab.route(ORIGINALS, lambda route: route.fulfill(**cors(400)), times=2)
    page.choose(named("again.jpg"), named("again2.jpg"))
    page.settled(2)
    row = page.row("again.jpg")
    expect(row).to_contain_text("The storage did not accept the file.")
    page.tab.get_by_role("button", name="Try the failed ones again").click()
    expect(page.tab.locator("#summary")).to_have_text("2 of 2 files ready", timeout=PATIENCE)


def test_policies_are_asked_for_in_chunks_and_few_files_are_sent_at_once(page):
    asked, sending = announcements(page), page.held(ORIGINALS)
    page.choose(*({**named(f"{n}.jpg"), "buffer": b"no image"} for n in range(60)))
    expect(page.tab.locator("#summary")).to_contain_text("60 to upload")
    expect(page.tab.locator('#rows > li[data-state="uploading"]')).to_have_count(4)
    assert [len(files) for files in asked] == [25]
    page.waits_for(lambda: len(sending) == 4)
    page.tab.wait_for_timeout(200)
    assert len(sending) == 4


def test_an_upload_can_be_cancelled(page, page_system):
    sending = page.held(ORIGINALS)
    page.choose(named("cancelled.jpg"))
    row = page.row("cancelled.jpg")
    expect(row).to_have_attribute("data-state", "uploading")
    page.waits_for(lambda: len(sending) == 1)
    with page.tab.expect_event("requestfailed", lambda request: ORIGINALS.search(request.url)):
        row.get_by_role("button", name="Cancel").click()
    expect(page.rows).to_have_count(0)
    assert [image["status"] for image in images_named(page_system, "cancelled.jpg")] == ["PENDING"]


def test_a_token_is_asked_for_where_one_is_needed_and_goes_to_the_api_alone(visit):
    page = visit()
    seen = []

    def guard(route):
        token = route.request.headers.get("authorization")
        seen.append(token)
        if token == "Bearer good":
            route.continue_()
        else:
            route.fulfill(status=401, body=json.dumps({"message": "Unauthorized"}))

    page.tab.route(re.compile(re.escape(page.url) + ".+"), guard)
    stored = []
    page.tab.on("request", lambda r: ORIGINALS.search(r.url) and stored.append(r.all_headers()))
    page.tab.reload()
    field = page.tab.get_by_role("textbox", name="Access token")
    expect(field).to_be_focused()
    field.fill("bad")
    page.tab.keyboard.press("Enter")
    expect(page.tab.get_by_role("heading", name="does not accept this token")).to_be_visible()
    field.fill("good")
    page.tab.keyboard.press("Enter")
    expect(field).to_be_hidden()
    page.choose(SAMPLES / "fig.jpg")
    page.settled(1)
    assert seen[:2] == [None, "Bearer bad"]
    assert set(seen[2:]) == {"Bearer good"}
    assert stored
    assert not any("authorization" in headers for headers in stored)
