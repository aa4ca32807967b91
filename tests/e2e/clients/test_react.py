"""The React component of docs/clients.md, on a page of another origin."""

from playwright.sync_api import expect

from tests.e2e.clients.documented import program
from tests.e2e.page.browser_tab import PATIENCE, SAMPLES

SCRIPT = """
import { createRoot } from 'react-dom/client'
import { ImageUpload } from './documented.jsx'

window.start = (api) => createRoot(document.getElementById('root')).render(<ImageUpload api={api} />)
"""


def test_the_documented_component_has_forty_lines_at_most():
    assert len(program("React").splitlines()) <= 40


def test_chosen_photographs_become_thumbnails_and_what_is_refused_says_why(open_page, api):
    tab = open_page("jsx", "React", SCRIPT)
    tab.evaluate("api => start(api)", api)
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG not quite"}
    photographs = [
        {"name": name, "mimeType": "image/jpeg", "buffer": (SAMPLES / name).read_bytes()}
        for name in ("dogs.jpg", "fig.jpg")
    ]
    tab.set_input_files("input", [*photographs, text, broken])
    for photograph in photographs:
        thumbnail = tab.get_by_alt_text(photograph["name"])
        expect(thumbnail).to_be_visible(timeout=PATIENCE)
        assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    expect(tab.get_by_text("notes.txt: 'text/plain' is not one of")).to_be_visible()
    expect(tab.get_by_text("broken.png: NotAnImage")).to_be_visible(timeout=PATIENCE)
