"""The key policy that is printed is that of the key which a stack makes."""

import json

import pytest

from docs.generate import key_policy
from tests.infra.base.test_key import MADE, evaluated
from tests.infra.registered import ROOT, Registered

DOCUMENT = (ROOT / "docs" / "encryption.md").read_text("utf-8")


def test_the_policy_in_the_document_is_current():
    assert key_policy.with_policy(DOCUMENT) == DOCUMENT, "run `make encryption`"


def test_what_is_printed_for_a_key_is_what_a_stack_would_have_given_it():
    made: Registered = evaluated("dev", "create")
    printed = json.loads(key_policy.policy(MADE))
    assert printed == json.loads(made.one(":KeyPolicy").inputs["policy"])


def test_a_document_without_a_place_for_the_policy_is_refused():
    with pytest.raises(ValueError, match="no place"):
        key_policy.with_policy("# Encryption\n")
