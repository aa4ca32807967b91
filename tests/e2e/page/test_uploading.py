import math
import shutil

from PIL import Image
from playwright.sync_api import expect

from handlers.rendering.thumbhash import placeholder
from tests.e2e.page.browser_tab import PATIENCE, PHOTOGRAPHS, SAMPLES

NASTY = "<img src=x onerror=alert(1)>.jpg"


def loaded(locator):
    """Whether each image of a locator has pixels."""
    return all(locator.evaluate_all("images => images.map(image => image.naturalWidth > 0)"))


def test_three_photographs_and_a_fake_become_three_thumbnails_and_one_reason(page, fake):
    page.drop(*PHOTOGRAPHS, fake)
    page.settled(4)
    thumbnails = page.tab.locator("#rows img.loaded")
    expect(thumbnails).to_have_count(3)
    assert loaded(thumbnails)
    expect(page.row("holiday.jpg")).to_contain_text("This is not an image, whatever its name says.")
    expect(page.row("holiday.jpg").get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.tab.locator("#summary")).to_have_text("3 of 4 files ready, 1 refused")
    expect(page.tab.locator("#announcements")).to_have_text("3 of 4 files ready, 1 refused")


def test_what_was_uploaded_is_in_the_gallery_at_once_and_after_a_reload(page):
    page.choose(SAMPLES / "fig.jpg")
    page.settled(1)
    first = page.tiles.first
    expect(first).to_contain_text("fig.jpg")
    expect(first.locator("img.loaded")).to_have_count(1)
    page.tab.reload()
    expect(page.tiles.first).to_contain_text("fig.jpg")
    expect(page.tiles.first.locator("img.loaded")).to_have_count(1)


def test_a_dropped_folder_is_uploaded_with_the_folders_in_it(page, tmp_path):
    inner = tmp_path / "trip" / "day 1"
    inner.mkdir(parents=True)
    shutil.copy(PHOTOGRAPHS[0], tmp_path / "trip" / "one.jpg")
    shutil.copy(PHOTOGRAPHS[1], inner / "two.jpg")
    (inner / ".DS_Store").write_bytes(b"litter")
    page.drop(tmp_path / "trip")
    page.settled(2)
    assert sorted(page.tab.locator("#rows .name").all_inner_texts()) == ["one.jpg", "two.jpg"]


def test_a_chosen_folder_is_uploaded_without_its_litter(page, tmp_path):
    shutil.copy(PHOTOGRAPHS[0], tmp_path / "one.jpg")
    (tmp_path / "Thumbs.db").write_bytes(b"litter")
    page.tab.set_input_files("#folder", tmp_path)
    page.settled(1)
    assert page.tab.locator("#rows .name").all_inner_texts() == ["one.jpg"]


def test_a_name_with_markup_in_it_is_shown_as_text(page):
    page.choose({"name": NASTY, "mimeType": "image/jpeg", "buffer": PHOTOGRAPHS[0].read_bytes()})
    page.settled(1)
    expect(page.row(NASTY)).to_have_count(1)
    expect(page.tiles.first).to_contain_text(NASTY)
    page.tiles.first.get_by_role("button").click()
    expect(page.tab.get_by_role("dialog").get_by_role("heading")).to_have_text(NASTY)
    page.tab.locator("#delete").click()
    expect(page.tab.locator("#confirm-text")).to_contain_text(NASTY)
    expect(page.tab.locator("img[src='x']")).to_have_count(0)


def test_a_file_of_another_type_and_an_empty_one_are_refused_in_words(page):
    page.choose(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"},
        {"name": "nothing.png", "mimeType": "image/png", "buffer": b""},
    )
    page.settled(2)
    expect(page.row("notes.txt")).to_contain_text("Files of this type are not accepted")
    expect(page.row("nothing.png")).to_contain_text("The file is empty.")


def test_more_files_than_are_listed_are_all_uploaded(page):
    # The same few bytes under many names: what is tested is the page, not the decoder.
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": b"no image"} for n in range(130)]
    page.choose(*files)
    summary = page.tab.locator("#summary")
    expect(summary).to_have_text("0 of 130 files ready, 130 refused", timeout=2 * PATIENCE)
    page.tab.get_by_role("button", name="Clear the list").click()
    expect(page.rows).to_have_count(0)
    expect(page.tab.locator("#uploads")).to_be_hidden()


def test_the_blurred_placeholder_is_there_before_the_thumbnail(page):
    held = page.held("**/resized/**")
    page.choose(SAMPLES / "sunset.jpg")
    page.settled(1)
    frame = page.row("sunset.jpg").locator(".picture")
    expect(frame.locator("img.loaded")).to_have_count(0)
    red, green, blue = frame.locator("canvas").evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const sum = [0, 0, 0];
            data.forEach((value, at) => { if (at % 4 < 3) sum[at % 4] += value; });
            return sum.map((value) => value / (data.length / 4));
        }"""
    )
    assert red > green > blue  # the evening light of that photograph
    for route in held:
        route.continue_()
    expect(frame.locator("img.loaded")).to_have_count(1)


def test_the_placeholder_is_what_the_service_encoded(page):
    width, height = 32, 20
    across = [math.cos(math.pi * (x + 0.5) / width) for x in range(width)]
    down = [math.cos(math.pi * (y + 0.5) / height) for y in range(height)]
    pixels = [(round(130 + 80 * a), round(120 + 40 * d), 90, 255) for d in down for a in across]
    image = Image.new("RGBA", (width, height))
    image.putdata(pixels)
    decoded = page.tab.evaluate(
        """hash => {
            const { width, height, data } = decodeThumbhash(hash);
            return { width, height, data: [...data] };
        }""",
        placeholder(image),
    )
    assert (decoded["width"], decoded["height"]) == (32, 18)  # 7 to 4, the nearest that the format can say
    expected = image.resize((32, 18)).tobytes()
    off = [abs(a - b) for a, b in zip(decoded["data"], expected, strict=True)]
    assert sum(off) / len(off) < 8


def test_a_file_that_is_dropped_twice_is_one_image(page):
    page.drop(PHOTOGRAPHS[0])
    page.settled(1)
    page.drop(PHOTOGRAPHS[0], PHOTOGRAPHS[1])
    page.settled(2)
    expect(page.tab.locator("#repeated")).to_have_text("1 file is left out: it is here already.")
    expect(page.tab.locator("#rows .name")).to_have_count(2)


def test_a_file_that_was_refused_may_be_dropped_again(page, fake):
    page.drop(fake)
    page.settled(1)
    page.drop(fake)
    page.settled(2)
    expect(page.tab.locator("#repeated")).to_be_hidden()
