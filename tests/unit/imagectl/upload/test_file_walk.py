import os

import pytest

from imagectl.upload.file_walk import Found, Unusable, Wanted, walk


@pytest.fixture
def tree(tmp_path):
    for name in (
        "a.jpg",
        "b.PNG",
        "notes.txt",
        ".hidden.jpg",
        "Thumbs.db",
        "2024/c.jpg",
        "2024/raw/d.tif",
        ".cache/e.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(tree, *paths: str, include=(), exclude=()) -> set[str]:
    met = walk([str(tree / path) for path in paths or (".",)], Wanted(include=include, exclude=exclude))
    return {each.name for each in met if isinstance(each, Found)}


def test_a_folder_is_walked_to_its_leaves_without_hidden_files_and_litter(tree):
    assert names(tree) == {"a.jpg", "b.PNG", "notes.txt", "2024/c.jpg", "2024/raw/d.tif"}


def test_a_hidden_file_that_is_named_is_meant(tree):
    assert names(tree, ".hidden.jpg", ".cache") == {".hidden.jpg", "e.jpg"}


def test_patterns_choose_files_without_regard_to_case(tree):
    assert names(tree, include=["*.jpg", "*.png"]) == {"a.jpg", "b.PNG", "2024/c.jpg"}


def test_an_excluded_folder_is_not_entered(tree):
    assert names(tree, exclude=["raw", "*.txt"]) == {"a.jpg", "b.PNG", "2024/c.jpg"}


def test_a_pattern_with_a_slash_is_for_the_whole_name(tree):
    assert names(tree, include=["2024/*.jpg"]) == {"2024/c.jpg"}
    assert names(tree, exclude=["2024/raw/"]) == {"a.jpg", "b.PNG", "notes.txt", "2024/c.jpg"}


def test_linked_files_and_folders_are_followed_but_never_in_circles(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "f.jpg").write_bytes(b"x")
    (tree / "2024" / "linked").symlink_to(elsewhere)
    (tree / "2024" / "up").symlink_to(tree)
    (elsewhere / "again").symlink_to(elsewhere)
    assert "2024/linked/f.jpg" in names(tree)
    assert not any("up/" in name or "again/" in name for name in names(tree))


def test_what_is_no_file_is_reported(tree):
    os.mkfifo(tree / "pipe.jpg")
    [met] = walk([str(tree / "pipe.jpg")], Wanted())
    assert met == Unusable(path=str(tree / "pipe.jpg"), reason="It is not a regular file.")


def test_a_folder_that_cannot_be_read_does_not_end_the_walk(tree, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("raw"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    met = list(walk([str(tree)], Wanted()))
    assert Unusable(path=str(tree / "2024" / "raw"), reason="Permission denied") in met
    assert len(met) == 5


def test_a_walk_that_is_left_early_leaves_no_folder_open(tree, monkeypatch):
    opened = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: opened.append(scandir(path)) or opened[-1])
    walking = walk([str(tree)], Wanted())
    next(walking)
    walking.close()
    assert all(next(entries, None) is None for entries in opened)


def test_a_deep_tree_is_walked(tmp_path):
    deep = tmp_path
    for _ in range(150):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "x.jpg").write_bytes(b"x")
    assert len(names(tmp_path)) == 1
