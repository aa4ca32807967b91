from docs.generate import openapi


def test_the_committed_document_is_current():
    assert openapi.PATH.read_text("utf-8") == openapi.text(), "run make docs"
