import hashlib
import json
import tarfile

import pytest

from handlers.contract import keys
from handlers.contract.original_metadata import encode
from imagectl.operations.archive import Manifest
from tests.unit.imagectl.operations.test_erase import ADA, BOB, lose, row_of
from tests.unit.resize_environment import ORIGINALS

JPEG = b"\xff\xd8\xff pixels"


@pytest.fixture
def export(imagectl, tmp_path):
    """Export all of Ada's into a folder or a tar of this name."""

    def run(name="ada", owner=ADA):
        return imagectl("export", "--owner", owner, "--to", str(tmp_path / name), "--json")

    return run


@pytest.fixture(autouse=True)
def held(world):
    """Ada has an image that was uploaded twice, one that was deleted long ago, and one that never came."""
    for image_id, owner in (("a", ADA), ("gone", ADA), ("b", BOB)):
        world.catalog.put_pending([row_of(image_id, owner)])
        world.deliver(world.upload(image_id, JPEG, metadata=encode(row_of(image_id, owner))))
    world.deliver(world.upload("a", JPEG + b" again", metadata=encode(row_of("a"))))
    world.deliver(world.remove("gone"))
    lose(world, "gone")
    world.catalog.put_pending([row_of("never uploaded")])


def manifest(path):
    [job, *files] = [json.loads(line) for line in path.read_text().splitlines()]
    assert job["owner"] == ADA
    return files


def in_folder(folder):
    """What is in a folder, by the path that the manifest names, once sizes and checksums are right."""
    found = {}
    for line in manifest(folder / "manifest.jsonl"):
        data = (folder / line["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (line["bytes"], line["sha256"])
        assert line["path"] not in found
        found[line["path"]] = data
    stored = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert stored == {*found, "manifest.jsonl"}
    return found


def in_tar(path):
    """What is in a tar, as `tar` reads it and as the manifest says where it is."""
    data, found = path.read_bytes(), {}
    with tarfile.open(path) as tar:
        for member in tar:
            found[member.name] = tar.extractfile(member).read()
    for line in manifest(path.with_name(f"{path.name}.manifest.jsonl")):
        part = data[line["offset"] :][: line["bytes"]]
        assert part == found[line["path"]]
        assert hashlib.sha256(part).hexdigest() == line["sha256"]
    return found


def test_everything_of_an_owner_is_in_the_folder_and_nothing_of_others(export, world, tmp_path):
    ran = export()
    assert ran.code == 0, ran.err
    found = in_folder(tmp_path / "ada")
    variants = {key.removeprefix("resized/a/") for key in world.variants() if key.startswith("resized/a/")}
    versions = world.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    old = {keys.image_id_of(each["Key"]): each["VersionId"] for each in versions if not each["IsLatest"]}
    assert found.keys() == {
        "a/original.jpg",
        f"a/versions/{old['a']}.jpg",
        *(f"a/variants/{each}" for each in variants),
        "a/image.json",
        f"gone/versions/{old['gone']}.jpg",
        "gone/image.json",
        "never%20uploaded/image.json",
    }
    assert found["a/original.jpg"] == JPEG + b" again"
    assert found[f"a/versions/{old['a']}.jpg"] == found[f"gone/versions/{old['gone']}.jpg"] == JPEG
    assert json.loads(found["a/image.json"])["row"] == world.row("a")
    assert json.loads(found["gone/image.json"])["row"] is None
    assert ran.summary["counts"].items() >= {"images": 3, "originals": 3, "variants": 2}.items()


def test_a_tar_has_what_a_folder_has(export, tmp_path):
    export("ada")
    assert export("ada.tar").code == 0
    assert in_tar(tmp_path / "ada.tar") == in_folder(tmp_path / "ada")


@pytest.mark.parametrize("name", ["ada", "ada.tar"])
@pytest.mark.parametrize("image", [1, 2, 3])
def test_an_export_that_was_interrupted_goes_on_with_the_image_where_it_was(
    export, tmp_path, monkeypatch, name, image
):
    contents = in_tar if name.endswith(".tar") else in_folder
    export(f"whole-{name}")
    add, calls = Manifest.add, []

    def interrupted(self, *arguments):
        calls.append(arguments)
        if len(calls) == image:
            with self._path.open("a") as file:
                file.write('{"path": "a half')
            raise KeyboardInterrupt
        add(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "add", interrupted)
        assert export(name).code == 130
    ran = export(name)
    assert (ran.code, ran.summary["before"]) == (0, image - 1)
    assert contents(tmp_path / name) == contents(tmp_path / f"whole-{name}")


@pytest.mark.parametrize(("name", "contents"), [("ada", in_folder), ("ada.tar", in_tar)])
def test_what_is_new_is_added_and_nothing_is_copied_twice(export, world, tmp_path, name, contents):
    export(name)
    before = contents(tmp_path / name)
    again = export(name)
    assert (again.summary["counts"]["images"], again.summary["before"]) == (0, 3)
    assert contents(tmp_path / name) == before
    world.deliver(world.upload("new", JPEG, metadata=encode(row_of("new"))))
    assert export(name).summary["counts"]["images"] == 1
    assert contents(tmp_path / name).keys() > before.keys()


def test_an_export_of_somebody_else_is_not_added_to_another(export):
    export()
    ran = export(owner=BOB)
    assert ran.code == 3
    assert "another export" in ran.err


def test_a_tar_that_is_not_what_its_manifest_says_is_not_continued(export, tmp_path):
    export("ada.tar")
    (tmp_path / "ada.tar").write_bytes(b"")
    assert export("ada.tar").code == 3


@pytest.mark.parametrize(
    "image_id", ["../../up", "..", ".hidden", "/absolute", "a/b", "x" * 900, "ä" * 400, "a\\b", "%2E"]
)
def test_no_id_leads_out_of_the_folder(export, world, tmp_path, image_id):
    world.catalog.put_pending([row_of(image_id)])
    world.deliver(world.upload(image_id, JPEG))
    assert export().code == 0
    assert any(
        json.loads(data)["imageId"] == image_id
        for path, data in in_folder(tmp_path / "ada").items()
        if path.endswith("/image.json")
    )
    assert {path.name for path in tmp_path.iterdir()} <= {"ada", "state"}


def test_a_folder_that_cannot_be_written_is_said(export, tmp_path):
    (tmp_path / "ada").write_text("a file")
    ran = export()
    assert ran.code == 3
    assert "cannot be written" in ran.err
