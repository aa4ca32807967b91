"""Every generated document is what `make docs` would write."""

import pytest

from docs.generate.__main__ import documents
from docs.generate.sections import with_section

DOCUMENTS = documents()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_committed_document_is_current(path):
    assert path.read_text("utf-8") == DOCUMENTS[path], "run `make docs`"


def test_every_marker_in_the_documents_is_one_that_is_written():
    for path in DOCUMENTS:
        assert "written by `make" not in path.read_text("utf-8").replace("written by `make docs`", "")


def test_a_document_without_the_section_is_refused():
    for text in ("# Security\n", "<!-- rules: written by `make docs` -->\n"):
        with pytest.raises(ValueError, match="no section rules"):
            with_section(text, "rules", "")
