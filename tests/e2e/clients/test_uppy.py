"""Sixty files by Uppy, with the lines of docs/clients.md, from a page of another origin."""

import base64
import io

import pytest
from PIL import Image

from tests.e2e.actions import settled
from tests.e2e.clients.conftest import LIMIT
from tests.e2e.clients.documented import program

FILES = 60
SCRIPT = """
import { imageUploads } from './documented.js'

window.start = (api) => { window.uppy = imageUploads(api) }
window.add = async (files) => {
  for (const { name, type, base64 } of files) {
    const data = await (await fetch(`data:${type};base64,${base64}`)).blob()
    window.uppy.addFile({ name, type, data })
  }
}
window.result = async (running) => {
  const { successful, failed } = await running
  const images = Object.fromEntries(successful.map((file) => [file.name, file.meta.imageId]))
  return { images, failed: Object.fromEntries(failed.map((file) => [file.name, file.error])) }
}
"""


def picture(number):
    """A small photograph unlike any other."""
    buffer = io.BytesIO()
    Image.new("RGB", (40 + number, 40), (number, 80, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def file(name, data, kind="image/png"):
    return {"name": name, "type": kind, "base64": base64.b64encode(data).decode()}


@pytest.fixture
def tab(open_page, api):
    opened = open_page("js", "Uppy", SCRIPT)
    opened.evaluate("api => start(api)", api)
    return opened


def test_the_documented_program_is_short():
    assert len(program("Uppy").splitlines()) <= 25


def test_sixty_files_are_uploaded_and_what_is_refused_says_why(tab, open_system):
    names = [f"{number}.png" for number in range(FILES)]
    tab.evaluate("add", [file(name, picture(number)) for number, name in enumerate(names)])
    tab.evaluate("add", [file("huge.png", picture(0).ljust(LIMIT + 1, b"\0"))])
    tab.evaluate("add", [file("notes.txt", b"not a picture", "text/plain")])
    result = tab.evaluate("result(uppy.upload())")
    assert sorted(result["images"]) == sorted(names)
    assert set(result["failed"]) == {"huge.png", "notes.txt"}
    assert f"at most {LIMIT}" in result["failed"]["huge.png"]
    assert "'text/plain' is not one of" in result["failed"]["notes.txt"]
    documents = {name: settled(open_system, image_id) for name, image_id in result["images"].items()}
    assert {document["status"] for document in documents.values()} == {"READY"}
    assert {name: document["width"] for name, document in documents.items()} == {
        name: 40 + number for number, name in enumerate(names)
    }
    assert all(document["fileName"] == name for name, document in documents.items())
    # The page may read what it uploaded.
    url = documents["7.png"]["variants"]["thumbnail"]["url"]
    assert tab.evaluate("async url => (await (await fetch(url)).blob()).type", url) == "image/jpeg"


def test_a_file_that_is_cancelled_is_not_sent_and_the_others_are(tab, open_system):
    tab.evaluate("add", [file(name, picture(1)) for name in ("keep.png", "cancel.png")])
    # While its upload is on its way: the policy is there, S3 has not answered.
    tab.evaluate(
        """uppy.on('upload-progress', (file) => {
          if (file.name === 'cancel.png') uppy.removeFile(file.id)
        })"""
    )
    result = tab.evaluate("result(uppy.upload())")
    assert set(result["images"]) == {"keep.png"}
    assert result["failed"] == {}
    assert settled(open_system, result["images"]["keep.png"])["status"] == "READY"


def test_an_upload_that_failed_is_sent_again_under_a_policy_of_its_own(tab, open_system):
    refused = []

    def refuse_once(route):
        if refused:
            route.fallback()
        else:
            refused.append(route.request.post_data_buffer)
            route.fulfill(status=403, body="")

    tab.route(f"{open_system.endpoint}/*originals*", refuse_once)
    tab.evaluate("add", [file("again.png", picture(2))])
    first = tab.evaluate("result(uppy.upload())")
    assert set(first["failed"]) == {"again.png"}
    second = tab.evaluate("result(uppy.retryAll())")
    assert settled(open_system, second["images"]["again.png"])["status"] == "READY"
    assert len(refused) == 1
    assert second["images"]["again.png"].encode() not in refused[0]
