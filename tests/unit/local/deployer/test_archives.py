import io
import zipfile

import pulumi
import pytest

from local.deployer.archives import zip_bytes


def contents(archive):
    with zipfile.ZipFile(io.BytesIO(zip_bytes(archive))) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_a_zip_file_is_handed_over_as_it_is(tmp_path):
    (tmp_path / "code.zip").write_bytes(b"bytes of a zip")
    assert zip_bytes(pulumi.FileArchive(str(tmp_path / "code.zip"))) == b"bytes of a zip"


def test_a_folder_is_packed_with_its_folders_and_without_caches(tmp_path):
    (tmp_path / "handlers" / "__pycache__").mkdir(parents=True)
    (tmp_path / "handlers" / "api.py").write_text("1")
    (tmp_path / "handlers" / "__pycache__" / "api.pyc").write_text("2")
    assert contents(pulumi.FileArchive(str(tmp_path))) == {"handlers/api.py": b"1"}


def test_assets_and_archives_are_packed_under_their_names(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    archive = pulumi.AssetArchive(
        {
            "one.txt": pulumi.FileAsset(str(tmp_path / "a.txt")),
            "two.txt": pulumi.StringAsset("b"),
            "sub": pulumi.FileArchive(str(tmp_path)),
        }
    )
    assert contents(archive) == {"one.txt": b"a", "two.txt": b"b", "sub/a.txt": b"a"}


def test_an_archive_from_the_network_is_refused():
    with pytest.raises(TypeError, match="RemoteArchive"):
        zip_bytes(pulumi.RemoteArchive("https://example.com/code.zip"))
