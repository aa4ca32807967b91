"""When and with what a picture was taken: facts for people, never where."""

import pytest

from bench.metadata.originals import FORMATS, MAKE, MODEL, TAKEN, TAKEN_OFFSET, signed
from handlers.rendering.metadata.text import one_line
from tests.unit.rendering.originals import SMALL, picture, rendered

PICTURE = picture(40, 30)


def facts(kind: str = "JPEG", **blocks):
    return rendered(signed(kind, PICTURE, **blocks)).facts


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "GIF"])
def test_moment_and_camera_are_facts_of_every_format_with_exif(kind):
    found = facts(
        kind,
        texts={MAKE: b"Canon\0", MODEL: b"Canon EOS R5\0"},
        details={TAKEN: b"2024:05:06 07:08:09\0", TAKEN_OFFSET: b"+02:00\0"},
    )
    assert (found.captured_at, found.camera) == ("2024-05-06T07:08:09+02:00", "Canon EOS R5")


@pytest.mark.parametrize("kind", SMALL)
def test_an_original_without_exif_has_neither(kind):
    found = rendered(SMALL[kind]).facts
    assert (found.captured_at, found.camera) == ("", "")


@pytest.mark.parametrize(
    ("taken", "offset", "captured_at"),
    [
        (b"2024:05:06 07:08:09\0", b"", "2024-05-06T07:08:09"),
        (b"2024-05-06T07:08:09", b"-11:30\0", "2024-05-06T07:08:09-11:30"),
        (b"2024:05:06 07:08:09\0", b"+14:00\0", "2024-05-06T07:08:09+14:00"),
        (b"2024:05:06 07:08:09\0", b"+15:00\0", "2024-05-06T07:08:09"),
        (b"2024:05:06 07:08:09\0", b"CEST\0", "2024-05-06T07:08:09"),
        (b"2024:05:06 07:08:09\0", b"+02:00<script>", "2024-05-06T07:08:09"),
        (b"2024:02:30 07:08:09\0", b"", ""),
        (b"2024:13:06 07:08:09\0", b"", ""),
        (b"2024:05:06 24:08:09\0", b"", ""),
        (b"0000:00:00 00:00:00\0", b"", ""),
        (b"0001:01:01 00:00:00\0", b"", ""),
        (b"    :  :     :  :  \0", b"", ""),
        (b"2024:05:06\0", b"", ""),
        ("\N{FULLWIDTH DIGIT TWO}024:05:06 07:08:09".encode(), b"", ""),
        (b"2024:05:06 07:08:09 or so", b"", ""),
        (b"\xff" * 60, b"\xff" * 60, ""),
    ],
)
def test_only_a_moment_that_there_was_is_a_fact(taken, offset, captured_at):
    assert facts(details={TAKEN: taken, TAKEN_OFFSET: offset}).captured_at == captured_at


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("OLYMPUS IMAGING CORP.  ", "E-M1MarkII      ", "OLYMPUS E-M1MarkII"),
        ("RICOH IMAGING COMPANY, LTD.", "GR III", "RICOH GR III"),
        ("EASTMAN KODAK COMPANY", "KODAK DX4900 ZOOM", "KODAK DX4900 ZOOM"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("", "iPhone 15 Pro", "iPhone 15 Pro"),
        ("Leica Camera AG", "", "Leica"),
        ("", "", ""),
        ("Ca\x1b[31mnon\n", "R\u202e5\x07", "Ca [31mnon R 5"),
        ("x" * 5_000, "y" * 5_000, "x" * 64),
        ("Co., Ltd.", "X1", "Co. X1"),
        ("é" * 60, "雪" * 60, "é" * 60 + " 雪雪雪"),
    ],
)
def test_a_camera_is_make_and_model_in_64_printable_characters(make, model, camera):
    found = facts(texts={MAKE: make.encode() + b"\0", MODEL: model.encode() + b"\0"}).camera
    assert found == camera
    assert found == one_line(found, 64)


def test_facts_name_no_place_no_owner_and_no_serial_number():
    secret = b"59.3293N18.0686E"
    found = facts(
        texts={MAKE: b"Canon\0", 0x013C: secret, 0x010E: secret},
        details={0xA430: secret, 0xA431: secret, 0xA435: secret},
        gps={29: secret},
    )
    assert secret.decode() not in repr(found)
