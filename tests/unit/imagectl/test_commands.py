import json

import pytest


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
    fake.failures["GET /variants/{}"] = [(403, b"expired")]
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
