"""Writes the key policy in `docs/encryption.md`, or prints that of the key whose ARN is given."""

import json
import sys
from pathlib import Path
from typing import Final

from components.base.key import key_policy
from docs.generate.sections import marked

_DOCUMENT: Final = Path(__file__).parents[1] / "encryption.md"
_BEGIN: Final = "<!-- key policy: written by `make encryption` -->\n```json\n"
_END: Final = "\n```\n<!-- /key policy -->"
_EXAMPLE: Final = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"


def main() -> None:
    """Write the document, or print a policy."""
    if sys.argv[1:]:
        print(policy(sys.argv[1]))  # noqa: T201 - what it is asked for
        return
    _DOCUMENT.write_text(with_policy(_DOCUMENT.read_text("utf-8")), "utf-8")


def with_policy(text: str) -> str:
    """The document with the policy between its markers. Raises ValueError if it has none."""
    return marked(text, _BEGIN, _END, policy(_EXAMPLE))


def policy(arn: str) -> str:
    """The policy of the key with this ARN, to be read by people."""
    return json.dumps(json.loads(key_policy(arn)), indent=2)


if __name__ == "__main__":
    main()
