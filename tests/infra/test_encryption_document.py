"""The key policy that is printed is that of the key which a stack makes."""

import json

import pytest

from docs import encryption
from tests.infra.cloud import ROOT, Registered
from tests.infra.test_key import MADE, evaluated

DOCUMENT = (ROOT / "docs" / "encryption.md").read_text("utf-8")


def test_the_policy_in_the_document_is_current():
    assert encryption.with_policy(DOCUMENT) == DOCUMENT, "run `make encryption`"


def test_what_is_printed_for_a_key_is_what_a_stack_would_have_given_it():
    made: Registered = evaluated("dev", "create")
    printed = json.loads(encryption.policy(MADE))
    assert printed == json.loads(made.one(":KeyPolicy").inputs["policy"])


def test_a_document_without_a_place_for_the_policy_is_refused():
    with pytest.raises(ValueError, match="no place"):
        encryption.with_policy("# Encryption\n")
