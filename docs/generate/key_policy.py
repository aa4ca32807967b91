"""The key policy in `docs/encryption.md`; run as a program, prints that of the key whose ARN is given."""

import json
import sys
from pathlib import Path
from typing import Final

from components.base.key import key_policy
from docs.generate.sections import DOCS, with_section

_EXAMPLE: Final = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"


def documents() -> dict[Path, str]:
    """The document on encryption with its policy."""
    document = DOCS / "encryption.md"
    block = f"```json\n{policy(_EXAMPLE)}\n```\n"
    return {document: with_section(document.read_text("utf-8"), "key policy", block)}


def policy(arn: str) -> str:
    """The policy of the key with this ARN, to be read by people; with all that a setting may add."""
    return json.dumps(json.loads(key_policy(arn, delivery=True)), indent=2)


if __name__ == "__main__":
    print(policy(sys.argv[1]))  # noqa: T201 - its purpose
