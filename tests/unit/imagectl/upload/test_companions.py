import pytest

from tests.unit.imagectl.conftest import JPEG

CAMERA_FOLDER = {
    "img1_JPG": JPEG + b"1",
    "img1_CR3": b"\0\0\0\x18ftypcrx ",
    "img1_xmp": b"<x:xmpmeta/>",
    "dsc2_JPG": JPEG + b"2",
    "dsc2_NEF": b"MM\0*\0\0\0\x08",
    "mvi3_MOV": b"\0\0\0\x14ftypqt  ",
    "mvi3_THM": JPEG + b"preview",
}


def test_companions_in_a_folder_are_not_sent_and_summed_up_in_one_line(imagectl, photos, fake):
    ran = imagectl("upload", str(photos(**CAMERA_FOLDER)))
    assert set(fake.contents()) == {JPEG + b"1", JPEG + b"2"}
    assert "2 READY, 5 SKIPPED" in ran.out
    assert ran.err.count("companions") == 1
    assert "skipped 5 companions of photographs: 1 " in ran.err
    assert all(f"1 {extension}" in ran.err for extension in ("cr3", "xmp", "nef", "mov", "thm"))
    assert ".NEF" not in ran.out


@pytest.mark.parametrize("output", [(), ("--json",)])
def test_companions_count_as_failures_unless_they_are_ignored(imagectl, photos, output):
    folder = str(photos(**CAMERA_FOLDER))
    assert imagectl("upload", folder, *output).code == 1
    ran = imagectl("upload", folder, "--ignore-companions", *output)
    assert ran.code == 0
    assert not output or ran.summary["allReady"]


def test_programs_get_a_status_for_each_companion(imagectl, photos):
    ran = imagectl("upload", str(photos(**CAMERA_FOLDER)), "--json")
    assert ran.files["dsc2.NEF"]["status"] == "SKIPPED"
    assert ran.summary["counts"] == {"READY": 2, "SKIPPED": 5}
    assert not ran.summary["allReady"]


def test_a_raw_file_that_the_service_rejected_is_ignored_with_the_companions(imagectl, photos, fake):
    folder = photos(1, scan_jpg=b"raw bytes")
    assert imagectl("upload", str(folder)).code == 1
    ran = imagectl("upload", str(folder), "--ignore-companions")
    assert "scan.jpg: RawNotSupported" in ran.out
    assert ran.code == 0


def test_other_failures_count_although_companions_are_ignored(imagectl, photos):
    for odd in ({"empty_jpg": b""}, {"notes_txt": b"hello"}, {"fake_jpg": b"bad bytes"}):
        assert imagectl("upload", str(photos(1, **odd)), "--ignore-companions").code == 1


def test_a_companion_that_is_named_is_sent_if_it_may_be_an_image(imagectl, photos, fake):
    folder = photos(**CAMERA_FOLDER)
    named = [str(folder / name) for name in ("mvi3.THM", "mvi3.MOV", "img1.CR3")]
    ran = imagectl("upload", *named, "--json")
    assert set(fake.contents()) == {JPEG + b"preview"}
    assert ran.summary["counts"] == {"READY": 1, "SKIPPED": 2}


def test_an_excluded_companion_is_not_counted(imagectl, photos):
    ran = imagectl("upload", str(photos(**CAMERA_FOLDER)), "--exclude", "*.[!j]*", "--json")
    assert ran.summary["counts"] == {"READY": 2}


def test_a_dry_run_counts_companions_apart(imagectl, photos):
    ran = imagectl("upload", str(photos(**CAMERA_FOLDER, empty_jpg=b"")), "--dry-run")
    assert "5 are companions of photographs, 1 cannot be uploaded" in ran.err
