"""Whatever a client sends is answered: with success, or with a problem of its own making."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.formats import CONTENT_TYPES
from tests.unit.http_events import get_image, post_image, post_uploads

pytestmark = pytest.mark.usefixtures("api")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=8) | JSON,
        "contentType": st.sampled_from(CONTENT_TYPES) | JSON,
        "bytes": st.integers() | JSON,
        "more": JSON,
    },
)
BODIES = st.fixed_dictionaries(
    {"files": st.lists(FILES | JSON, max_size=4) | JSON}, optional={"batchId": st.text(max_size=5) | JSON}
)


@given((BODIES | JSON).map(json.dumps) | st.text() | st.binary())
def test_no_body_makes_the_announcement_of_uploads_fail(body):
    answer = post_uploads(body)
    assert answer.status in {200, 400}
    for file in answer.document.get("files", []):
        assert ("error" in file) != ("upload" in file)


@given(st.binary(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_body_type_or_name_makes_the_taking_of_an_image_fail(body, content_type, name):
    assert post_image(body, content_type, name=name).status in {202, 400, 415}
    assert post_image(body, name=name).status in {202, 400}


@given(st.text())
def test_no_id_makes_the_reading_of_an_image_fail(image_id):
    assert get_image(image_id).status == 404
