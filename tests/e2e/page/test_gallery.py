import io
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from bench.metadata.originals import MAKE, MODEL, TAKEN, TAKEN_OFFSET, signed
from tests.e2e.actions import eventually
from tests.e2e.page.browser_tab import PATIENCE, SAMPLES

MANY = 30


def stored(system, name, colour):
    """A small image that went the whole way; returns its ImageID."""
    data = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(data, "PNG")
    headers = {"Content-Type": "image/png"}
    path = f"/images?name={name}"
    answer = system.api.call("POST", path, content=data.getvalue(), headers=headers, auth=None)
    return answer.json()["imageId"]


def status(system, image_id):
    answer = system.api.call("GET", f"/images/{image_id}", auth=None)
    return answer.json().get("status") if answer.is_success else answer.status_code


@pytest.fixture(scope="module")
def many(page_system):
    image_ids = [stored(page_system, f"many-{n:02}.png", (n * 8, 90, 160)) for n in range(MANY)]
    for image_id in image_ids:
        assert eventually(lambda each=image_id: status(page_system, each) == "READY")
    return image_ids


def test_the_gallery_goes_on_page_by_page_without_a_gap(many, visit):
    page = visit()
    expect(page.tiles).to_have_count(24)
    page.tab.get_by_role("button", name="Show more").click()
    expect(page.tiles.nth(24).get_by_role("button")).to_be_focused()
    expect(page.tiles.filter(has_text="many-00.png")).to_have_count(1)
    names = page.tab.locator("#tiles .name").all_inner_texts()
    expected = [f"many-{n:02}.png" for n in reversed(range(MANY))]
    assert [name for name in names if name.startswith("many-")] == expected


def test_the_gallery_shows_the_images_of_one_status(many, fake, visit):
    page = visit()
    page.choose(fake)
    page.settled(1)
    page.tab.get_by_role("radio", name="Refused").check()
    expect(page.tiles.first).to_contain_text("holiday.jpg")
    assert set(page.tab.locator("#tiles > li").evaluate_all("all => all.map(li => li.dataset.status)")) == {
        "REJECTED"
    }
    page.tab.get_by_role("radio", name="Failed").check()
    expect(page.tab.locator("#empty")).to_have_text("No images are failed.")


def test_a_thumbnail_whose_address_expired_is_asked_for_again(many, visit, context):
    def expire(route):
        time.sleep(1.1)  # URLs that are signed within one second are the same
        route.fulfill(status=403)

    context.route("**/resized/**", expire, times=1)
    page = visit()
    pictures = page.tab.locator("#tiles img")
    expect(pictures).not_to_have_count(0)
    expect(page.tab.locator("#tiles img.loaded")).to_have_count(pictures.count())


def test_a_gallery_that_cannot_be_loaded_says_so_and_can_be_loaded_again(many, visit, context):
    problem = {"type": "urn:image-intake:problem:unidentified-caller", "title": "x", "status": 403}
    context.route("**/images?*", lambda route: route.fulfill(status=403, json=problem), times=1)
    page = visit()
    expect(page.tab.locator("#empty")).to_contain_text("The token does not say whose it is.")
    page.tab.get_by_role("button", name="Try again").click()
    expect(page.tiles).to_have_count(24)


def test_an_image_is_deleted_after_a_question(page_system, visit):
    image_id = stored(page_system, "unwanted.png", "red")
    assert eventually(lambda: status(page_system, image_id) == "READY")
    page = visit()
    tile = page.tiles.filter(has_text="unwanted.png")
    tile.get_by_role("button").click()
    page.tab.locator("#delete").click()
    page.tab.get_by_role("button", name="Keep it").click()
    assert status(page_system, image_id) == "READY"
    page.tab.locator("#delete").click()
    page.tab.locator("#confirm").get_by_role("button", name="Delete").click()
    expect(tile).to_have_count(0)
    assert status(page_system, image_id) == 404


def test_everything_can_be_done_with_the_keyboard(page_system, visit):
    page = visit()
    choosers = []
    page.tab.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108 - it has to be a function
    # A browser counts a key as a person's wish only once the page has settled.
    page.tab.wait_for_load_state("networkidle")
    keyboard = page.tab.keyboard
    keyboard.press("Tab")
    expect(page.tab.get_by_role("link", name="Skip to the gallery")).to_be_focused()
    keyboard.press("Tab")
    expect(page.tab.get_by_role("button", name="Choose files")).to_be_focused()
    keyboard.press("Enter")
    assert eventually(lambda: page.tab.title() and choosers)
    choosers[0].set_files({"name": "keys.jpg", "mimeType": "image/jpeg", "buffer": photograph()})
    page.settled(1)

    page.tab.get_by_role("button", name="Clear the list").focus()
    keyboard.press("Enter")
    expect(page.tab.get_by_role("button", name="Choose files")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(page.tab.get_by_role("radio", name="All")).to_be_focused()
    keyboard.press("ArrowRight")
    expect(page.tab.get_by_role("radio", name="Ready")).to_be_checked()
    expect(page.tiles.first).to_contain_text("keys.jpg")
    keyboard.press("Tab")
    keyboard.press("Enter")
    dialog = page.tab.locator("#detail")
    expect(dialog.get_by_role("heading")).to_have_text("keys.jpg")
    keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    first = page.tiles.first.get_by_role("button")
    expect(first).to_be_focused()

    keyboard.press("Enter")
    image_id = dialog.locator("dd").last.inner_text()
    delete = page.tab.locator("#delete")
    for _ in range(6):  # past the links to the sizes
        if delete.evaluate("button => button === document.activeElement"):
            break
        keyboard.press("Tab")
    expect(delete).to_be_focused()
    keyboard.press("Enter")
    expect(page.tab.get_by_role("button", name="Keep it")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert eventually(lambda: status(page_system, image_id) == 404)
    expect(page.tiles.filter(has_text="keys.jpg")).to_have_count(0)
    assert page.tab.evaluate("document.activeElement !== document.body")


def test_the_detail_says_when_and_with_what_a_photograph_was_taken(visit, tmp_path):
    path = tmp_path / "signed.jpg"
    path.write_bytes(
        signed(
            "JPEG",
            Image.linear_gradient("L"),
            texts={MAKE: b"Canon\0", MODEL: b"Canon EOS R5\0"},
            details={TAKEN: b"2026:01:02 03:04:05\0", TAKEN_OFFSET: b"+11:00\0"},
        )
    )
    page = visit()
    page.choose(path)
    page.settled(1)
    page.tiles.filter(has_text="signed.jpg").first.get_by_role("button").click()
    facts = page.tab.locator("#detail dl")
    expect(facts).to_contain_text("Canon EOS R5")
    expect(facts.locator("dt", has_text="Taken")).to_have_count(1)
    # The time of the place it was taken at, wherever it is looked at.
    expect(facts).to_contain_text("3:04")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_has_no_known_barriers_and_fits_the_screen(visit, fake, scheme, width):
    page = visit()
    page.tab.set_viewport_size({"width": width, "height": 800})
    page.tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.choose(SAMPLES / "fig.jpg", fake)
    page.settled(2)
    # Axe looks at what is painted: not while a picture is still fading in.
    expect(page.tab.locator("#rows img.loaded")).to_have_count(1)
    assert barriers(page.tab) == []
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    page.tiles.filter(has_text="fig.jpg").first.get_by_role("button").click()
    expect(page.tab.locator("#detail img.loaded")).to_have_count(1, timeout=PATIENCE)
    assert barriers(page.tab) == []


def test_a_script_that_was_not_in_the_page_does_not_run(chromium, page_system):
    # Without the watch for violations of the other tests: this one provokes them.
    tab = chromium[0].new_page()
    tab.goto(f"{page_system.outputs['apiUrl']}/")
    tab.evaluate(
        """() => {
            const script = document.createElement("script");
            const markup = "<img src=x onerror='window.ran = true'>";
            window.refused = 0;
            try { script.text = "window.ran = true"; } catch { window.refused += 1; }
            document.body.append(script);
            try { document.body.innerHTML = markup; } catch { window.refused += 1; }
        }"""
    )
    assert tab.evaluate("[window.ran, window.refused]") == [None, 2]
    assert tab.evaluate("fetch('https://example.com').then(() => 'reached', () => 'refused')") == "refused"
    tab.close()


def barriers(tab):
    return [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in violations(tab)]


def violations(tab):
    return Axe().run(tab).response["violations"]


def photograph():
    return (SAMPLES / "dogs.jpg").read_bytes()
