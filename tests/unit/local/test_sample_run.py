"""The client of the sample run against a service of plain Python."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from local.photos import find_photos
from local.sample_run import SampleRunError, process

READY = {"status": "READY", "variants": {"thumbnail": {"url": "http://s3/v/thumbnail.jpg?signed"}}}


@dataclass
class Answer:
    status_code: int = 200
    document: Any = None
    content: bytes = b""
    text: str = "why"

    @property
    def ok(self):
        return self.status_code < 400

    def json(self):
        return self.document


@dataclass
class Service:
    """Answers as the API and S3 do. `images` scripts what each image says, one look after another."""

    images: dict = field(default_factory=dict)
    refused_by_api: tuple = ()
    refused_by_s3: tuple = ()
    unreachable: tuple = ()
    batches: list = field(default_factory=list)
    uploaded: dict = field(default_factory=dict)

    @property
    def http(self):
        return self

    def call(self, method, path, json=None):
        if method == "GET":
            looks = self.images.setdefault(path.removeprefix("/images/"), [READY])
            return Answer(document=looks.pop(0) if len(looks) > 1 else looks[0])
        assert (method, path) == ("POST", "/uploads")
        self.batches.append([file["name"] for file in json["files"]])
        return Answer(document={"files": [self.announced(file["name"]) for file in json["files"]]})

    def announced(self, name):
        if name in self.refused_by_api:
            return {"error": {"title": "The file is too large.", "detail": "9 bytes"}}
        policy = {"url": "http://s3/", "fields": {"key": name}}
        return {"imageId": name, "location": f"/images/{name}", "upload": policy}

    def post(self, url, data, files, timeout):
        if data["key"] in self.unreachable:
            raise requests.ConnectionError("no route")
        if data["key"] in self.refused_by_s3:
            return Answer(403)
        self.uploaded[data["key"]] = files["file"].read()
        return Answer(204)

    def get(self, url, timeout):
        return Answer(content=f"bytes of {url}".encode())


@pytest.fixture
def photos(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "photos" / name).write_bytes(name.encode())
        return find_photos(tmp_path / "photos")

    return make


def run(service, photos, tmp_path):
    outcomes = process(service, photos, tmp_path / "results", lambda _: None)
    return {outcome.photo.name: outcome for outcome in outcomes}


def test_each_photograph_is_uploaded_and_its_variants_are_stored_under_its_name(photos, tmp_path):
    service = Service(images={"a.jpg": [{"status": "PENDING"}, READY]})
    outcomes = run(service, photos("a.jpg", "sub/b.png"), tmp_path)
    assert service.uploaded == {"a.jpg": b"a.jpg", "sub/b.png": b"sub/b.png"}
    assert {outcome.status for outcome in outcomes.values()} == {"READY"}
    stored = tmp_path / "results" / "sub" / "b.png" / "thumbnail.jpg"
    assert outcomes["sub/b.png"].files == {"thumbnail": stored}
    assert stored.read_bytes() == b"bytes of http://s3/v/thumbnail.jpg?signed"


def test_what_goes_wrong_with_one_photograph_is_said_and_costs_the_others_nothing(photos, tmp_path):
    service = Service(
        images={"bad.jpg": [{"status": "REJECTED", "reason": "Truncated"}]},
        refused_by_api=("big.jpg",),
        refused_by_s3=("late.jpg",),
        unreachable=("lost.jpg",),
    )
    names = ("bad.jpg", "big.jpg", "good.jpg", "late.jpg", "lost.jpg")
    outcomes = run(service, photos(*names), tmp_path)
    assert {name: (outcome.status, outcome.reason) for name, outcome in outcomes.items()} == {
        "bad.jpg": ("REJECTED", "Truncated"),
        "big.jpg": ("NOT ACCEPTED", "The file is too large. 9 bytes"),
        "good.jpg": ("READY", ""),
        "late.jpg": ("NOT UPLOADED", "403 why"),
        "lost.jpg": ("NOT UPLOADED", "no route"),
    }


def test_many_photographs_are_announced_in_batches_that_the_api_takes(photos, tmp_path):
    service = Service()
    outcomes = run(service, photos(*(f"{number:03}.jpg" for number in range(101))), tmp_path)
    assert [len(batch) for batch in service.batches] == [100, 1]
    assert len(outcomes) == 101


def test_an_api_that_fails_ends_the_run_with_what_it_said(photos, tmp_path):
    service = Service()
    service.call = lambda *_, **__: Answer(500)
    with pytest.raises(SampleRunError, match="POST /uploads answered 500: why"):
        run(service, photos("a.jpg"), tmp_path)
