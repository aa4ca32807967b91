import json

import pytest

from imagectl import __version__


@pytest.fixture
def uploaded(imagectl, photos, fake) -> dict[str, str]:
    """Three images and one fake; ImageIDs by file name."""
    imagectl("upload", str(photos(3, fake_jpg=b"bad")), "--batch", "summer")
    return {image["fileName"]: image_id for image_id, image in fake.images.items()}


def test_the_status_of_a_batch_names_its_failures(imagectl, uploaded):
    ran = imagectl("status", "summer")
    assert ran.code == 1
    assert "batch summer: 3 READY, 1 REJECTED; done" in ran.out
    assert f"REJECTED  {uploaded['fake.jpg']}  fake.jpg: NotAnImage" in ran.out


def test_the_status_of_an_image_is_0_only_if_it_is_ready(imagectl, uploaded):
    ran = imagectl("status", uploaded["0000.jpg"])
    assert ran.code == 0
    assert "variant thumbnail" in ran.out
    assert imagectl("status", uploaded["fake.jpg"]).code == 1


def test_an_id_with_slashes_and_spaces_is_an_image(imagectl, fake):
    fake.images["trips/day 1/ü.jpg"] = {"imageId": "trips/day 1/ü.jpg", "status": "READY", "batchId": ""}
    assert json.loads(imagectl("status", "trips/day 1/ü.jpg", "--json").out)["status"] == "READY"


def test_an_unknown_id_is_an_error(imagectl):
    assert imagectl("status", "nothing").code == 3


def test_a_refusal_is_not_taken_for_an_unknown_image(imagectl, fake):
    problem = {"type": "urn:image-intake:problem:unidentified-caller", "title": "Who are you?"}
    fake.failures["GET /images/{}"] = [(403, json.dumps(problem).encode())]
    ran = imagectl("status", "a/b")
    assert ran.code == 3
    assert "Who are you?" in ran.err


def test_images_are_listed_page_by_page_newest_first(imagectl, uploaded, fake):
    ran = imagectl("list", "--json")
    assert [image["imageId"] for image in ran.lines] == list(reversed(fake.images))
    assert fake.calls["GET /images"] == 2


def test_a_list_is_filtered_and_limited(imagectl, uploaded):
    [line] = imagectl("list", "--status", "rejected").out.splitlines()
    assert line.endswith(f"REJECTED  {uploaded['fake.jpg']}  fake.jpg (NotAnImage)")
    assert len(imagectl("list", "--limit", "3").out.splitlines()) == 3
    assert len(imagectl("list", "--limit", "0").out.splitlines()) == 4


def test_a_variant_is_fetched_into_a_file_a_folder_or_the_named_default(imagectl, uploaded, fake, tmp_path):
    image_id = uploaded["0000.jpg"]
    content = fake.stored[image_id]
    assert imagectl("get", image_id, "--variant", "thumbnail", "-o", str(tmp_path / "x.jpg")).code == 0
    assert (tmp_path / "x.jpg").read_bytes() == content
    imagectl("get", image_id, "--variant", "thumbnail", "-o", str(tmp_path))
    assert (tmp_path / f"{image_id}-thumbnail.jpg").read_bytes() == content
    imagectl("get", image_id, "--variant", "thumbnail")
    assert (tmp_path / "work" / f"{image_id}-thumbnail.jpg").read_bytes() == content


def test_a_variant_that_cannot_be_fetched_leaves_no_file(imagectl, uploaded, fake, tmp_path):
    fake.failures["GET /variants/{}"] = [(403, b"expired")] * 2
    (tmp_path / "out").mkdir()
    ran = imagectl("get", uploaded["0000.jpg"], "--variant", "thumbnail", "-o", str(tmp_path / "out" / "x"))
    assert ran.code == 3
    assert "could not be fetched" in ran.err
    assert not list((tmp_path / "out").iterdir())


def test_a_folder_that_does_not_exist_is_an_error(imagectl, uploaded, tmp_path):
    ran = imagectl("get", uploaded["0000.jpg"], "--variant", "thumbnail", "-o", str(tmp_path / "none" / "x"))
    assert ran.code == 3
    assert "cannot be written: No such file or directory" in ran.err


def test_what_cannot_be_got_says_why(imagectl, uploaded):
    assert "There are: thumbnail." in imagectl("get", uploaded["0000.jpg"], "--variant", "huge").err
    assert "it is REJECTED: NotAnImage" in imagectl("get", uploaded["fake.jpg"]).err
    assert "does not exist, or you may not see it" in imagectl("get", "nothing").err


def test_rm_deletes_each_image_and_deletes_none_unasked(imagectl, uploaded, fake):
    ran = imagectl("rm", *uploaded.values())
    assert ran.code == 3
    assert "--yes" in ran.err
    assert len(fake.images) == 4
    assert imagectl("rm", "-y", *uploaded.values(), "gone-already").code == 0
    assert not fake.images


def test_the_help_teaches_by_examples(imagectl):
    said = imagectl("--help").out
    assert "imagectl upload holiday/ portrait.jpg" in said
    assert "IMAGECTL_TOKEN" in said


def test_a_wrong_option_is_a_usage_error(imagectl):
    assert imagectl("upload", "--colour").code == 2


def test_commands_and_options_can_be_completed(imagectl, monkeypatch):
    monkeypatch.setenv("_IMAGECTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "imagectl up")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert imagectl().out.strip() == "upload"


def test_the_variants_of_a_batch_go_into_a_folder_and_the_same_command_continues(
    imagectl, uploaded, fake, photos, tmp_path
):
    photos(other_jpg=b"\xff\xd8\xff\xe0 of another batch")
    imagectl("upload", str(tmp_path / "photos" / "other.jpg"))
    out = tmp_path / "out"
    fetch = ("get", "summer", "--variant", "thumbnail", "-o", str(out))
    fake.failures["GET /variants/{}"] = [(500, b"")]
    ran = imagectl(*fetch)
    assert ran.code == 1
    assert "2 fetched, 0 there already, 2 not fetched" in ran.err
    assert (
        f"REJECTED  {uploaded['fake.jpg']}: The image has no variants, it is REJECTED: NotAnImage." in ran.out
    )
    assert len(list(out.iterdir())) == 2
    assert "1 fetched, 2 there already, 1 not fetched" in imagectl(*fetch).err
    ids = [image_id for name, image_id in uploaded.items() if name != "fake.jpg"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        f"{image_id}-thumbnail.jpg": fake.stored[image_id] for image_id in ids
    }


def test_all_images_are_fetched_whatever_their_ids_are(imagectl, fake, tmp_path):
    for image_id in ("a/x", "b/x", "ü" * 150):
        variant = {"url": f"{fake.url}/variants/x", "width": 1, "height": 1, "bytes": 4}
        fake.images[image_id] = {
            "imageId": image_id,
            "status": "READY",
            "batchId": "",
            "variants": {"large": variant | {"contentType": "image/webp"}},
        }
    fake.stored["x"] = b"webp"
    ran = imagectl("get", "--all", "-o", str(tmp_path / "out"))
    assert ran.code == 0, ran.out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"a%2Fx-large.webp", "b%2Fx-large.webp"} < names
    assert len(names) == 3


def test_a_url_that_expired_while_others_were_fetched_is_renewed(imagectl, uploaded, fake, tmp_path):
    fake.failures["GET /variants/{}"] = [(403, b"expired")]
    ran = imagectl("get", uploaded["0000.jpg"], "--variant", "thumbnail", "-o", str(tmp_path / "x"))
    assert ran.code == 0
    assert (tmp_path / "x").read_bytes() == fake.stored[uploaded["0000.jpg"]]


def test_several_images_without_a_folder_are_refused(imagectl, uploaded):
    assert "-o FOLDER" in imagectl("get", "summer").err
    assert imagectl("get").code == 2
    assert imagectl("get", "summer", "--all").code == 2


def test_the_version_is_printed(imagectl):
    assert imagectl("--version").out == f"imagectl {__version__}\n"


def test_rm_of_an_unknown_id_says_so(imagectl, uploaded, fake):
    ran = imagectl("rm", "--yes", "no-such-image", uploaded["0000.jpg"])
    assert "no-such-image does not exist, or you may not see it" in ran.err
    assert f"deleted {uploaded['0000.jpg']}" in ran.err
    assert fake.calls["DELETE /images/{}"] == 1


def test_times_are_listed_with_their_zone(imagectl, fake):
    fake.images["x"] = {"imageId": "x", "status": "READY", "createdAt": "2026-01-02T03:04:05.678Z"}
    assert imagectl("list").out.startswith("2026-01-02T03:04:05Z  READY")


def test_the_status_of_an_image_is_in_words(imagectl, fake):
    fake.images["x"] = {
        "imageId": "x",
        "status": "READY",
        "width": 30,
        "height": 20,
        "bytes": 1234,
        "hasAlpha": False,
        "bitDepth": 8,
        "createdAt": "2026-01-02T03:04:05.678Z",
        "placeholder": "abc",
        "newFact": "of a newer service",
        "batchId": "",
    }
    out = imagectl("status", "x").out
    for label in ("bits per channel", "transparency", "announced", "1.2 kB", "30 x 20", "of a newer service"):
        assert label in out
    for raw in ("hasAlpha", "bitDepth", "createdAt", "placeholder"):
        assert raw not in out


@pytest.mark.parametrize("command", ["upload", "rm", "get", "status"])
def test_the_help_shows_arguments_as_they_are_typed(imagectl, command):
    out = imagectl(command, "--help").out
    assert "{" not in out
    assert "..." not in out.split("Usage:")[1].splitlines()[0]
    assert "<list[str]>" not in out
    assert "<bool>" not in out
