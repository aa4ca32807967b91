import hashlib
import os

import pytest

from imagectl.journal import Journal
from imagectl.upload.file_digest import announced_name, content_type_of, read
from imagectl.upload.file_walk import Wanted, walk
from imagectl.upload_model import File


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypmif1", "image/heif"),
        (b"MM\0*\0\0", "image/tiff"),
        (b"BM6\0", "image/bmp"),
    ],
)
def test_the_first_bytes_decide_the_type_whatever_the_name(head, content_type):
    assert content_type_of(head, "IMG_0001") == content_type
    assert content_type_of(head, "wrong.jpeg") == content_type


def test_the_name_decides_where_the_bytes_say_nothing():
    assert content_type_of(b"unknown", "a.JPG") == "image/jpeg"
    assert content_type_of(b"unknown", "movie.mp4") is None
    assert content_type_of(b"\0\0\0\x18ftypisom", "movie") is None


def test_a_name_is_told_as_text_and_no_longer_than_the_service_takes():
    assert announced_name(os.fsdecode(b"caf\xe9.jpg")) == "caf\ufffd.jpg"
    assert announced_name("x" * 2000 + ".jpg") == "x" * 508 + ".jpg"
    assert announced_name("山" * 200 + ".jpg") == "山" * 169 + ".jpg"


@pytest.fixture
def journal(tmp_path):
    opened = Journal(tmp_path / "journal")
    yield opened
    opened.close()


def one(path, journal):
    [found] = walk([str(path)], Wanted())
    return read(found, journal)


def test_a_file_is_hashed_whole(tmp_path, journal):
    content = b"\xff\xd8\xff" + os.urandom(3_000_000)
    (tmp_path / "a.jpg").write_bytes(content)
    assert one(tmp_path / "a.jpg", journal).sha256 == hashlib.sha256(content).digest()


def test_an_unchanged_file_is_not_read_again(tmp_path, journal):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff one")
    first = one(path, journal)
    journal.claim(journal.begin("api", "command", "batch"), first)
    at = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"\xff\xd8\xff two")
    os.utime(path, ns=at)
    assert one(path, journal) == first, "size and time are the same, so the hash was remembered"
    os.utime(path, ns=(at[0], at[1] + 1))
    assert one(path, journal).sha256 != first.sha256


def test_a_file_that_vanishes_after_it_was_met_is_reported(tmp_path, journal):
    (tmp_path / "a.jpg").write_bytes(b"x")
    [found] = walk([str(tmp_path / "a.jpg")], Wanted())
    (tmp_path / "a.jpg").unlink()
    result = read(found, journal)
    assert not isinstance(result, File)
    assert result.reason == "No such file or directory"
