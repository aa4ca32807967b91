from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract import keys
from handlers.contract.permanent_urls import path_of_key, variant_of


@pytest.mark.parametrize(
    ("path", "variant"),
    [
        ("/i/a/small", ("a", "small")),
        ("/i/2026/01/a.jpg/small", ("2026/01/a.jpg", "small")),
        ("/i/2026%2F01%2Fa.jpg/small", ("2026/01/a.jpg", "small")),
        ("/i/100%25/small", ("100%", "small")),
        ("/i/a%252Fb/small", ("a%2Fb", "small")),
        ("/i/%E5%B1%B1/small", ("山", "small")),
        ("/i/a+b/small", ("a+b", "small")),
        ("/i/i/small/small", ("i/small", "small")),
        ("/i/a//b/small", ("a//b", "small")),
        ("/i/..a/small", ("..a", "small")),
    ],
)
def test_a_permanent_url_names_an_image_and_a_variant(path, variant):
    assert variant_of(path) == variant


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "/",
            "/i",
            "/i/",
            "/i/small",
            "/i//small",
            "/i/a/",
            "/i/a",
            "/I/a/small",
            "/resized/a/r/small.webp",
        ),
        *(
            "/i/a/SMALL",
            "/i/a/small.webp",
            "/i/a/small%00",
            "/i/a/small%0A",
            "/i/a/small?x",
            f"/i/a/{'s' * 33}",
        ),
        *("/i/%FF/small", "/i/%ED%A0%80/small", f"/i/{'x' * (keys.MAX_IMAGE_ID_BYTES + 1)}/small"),
        *(
            "/i/../small",
            "/i/./small",
            "/i/a/../small",
            "/i/a/%2E%2E/small",
            "/i/..%2Fb/small",
            "/i/a/./b/small",
        ),
    ],
)
def test_whatever_else_is_asked_for_names_nothing(path):
    assert variant_of(path) is None


@given(st.text())
def test_no_path_is_too_strange_to_read(path):
    for asked in (path, f"/i/{path}/small", f"/i/{quote(path)}/small"):
        variant = variant_of(asked)
        assert variant is None or keys.image_id_of(keys.original_key(variant[0])) == variant[0]


@given(st.text(min_size=1))
def test_the_path_of_a_key_survives_a_client_and_stays_on_its_host(image_id):
    named = variant_of(f"/i/{quote(image_id)}/small")
    if named is None:
        return
    path = path_of_key(f"resized/{named[0]}/0123456789abcdef/small.webp")
    assert path.isascii()
    assert path.isprintable()
    url = httpx.URL("https://cdn.example.com/i/x/small").join(path)
    assert (url.host, url.raw_path.decode(), urlsplit(path).netloc) == ("cdn.example.com", path, "")
