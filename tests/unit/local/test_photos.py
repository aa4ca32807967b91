from local.photos import find_photos


def test_images_are_found_in_all_folders_in_the_order_of_their_names(tmp_path):
    for name in ("b.JPG", "a b/ö.webp", "c.heic", "d.avif", "e.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"123")
    found = find_photos(tmp_path)
    assert [(photo.name, photo.content_type) for photo in found] == [
        ("a b/ö.webp", "image/webp"),
        ("b.JPG", "image/jpeg"),
        ("c.heic", "image/heic"),
        ("d.avif", "image/avif"),
        ("e.tiff", "image/tiff"),
    ]
    assert {photo.bytes for photo in found} == {3}


def test_what_is_no_image_or_hidden_is_left_out(tmp_path):
    for name in ("README.md", "clip.mp4", ".hidden.jpg", ".git/a.jpg", "drawing.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"123")
    (tmp_path / "folder.jpg").mkdir()
    assert find_photos(tmp_path) == []
