"""The key policy that is printed is that of the key which a stack makes."""

import json

from docs.generate import key_policy
from tests.infra.base.test_key import MADE


def test_what_is_printed_for_a_key_is_what_a_stack_would_have_given_it(registered):
    made = registered(kmsKey="create", delivery="true")
    printed = json.loads(key_policy.policy(MADE))
    assert printed == json.loads(made.one(":KeyPolicy").inputs["policy"])
