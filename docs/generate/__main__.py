"""`make docs`: writes every document and table that is generated from the code."""

from collections.abc import Mapping
from pathlib import Path

from docs.generate import (
    access,
    capacity,
    delivery,
    event_schema,
    key_policy,
    openapi,
    package_schema,
    policy_rules,
    settings,
)


def documents() -> Mapping[Path, str]:
    """The text of each document that is generated, whole or in part."""
    modules = (
        access,
        capacity,
        delivery,
        event_schema,
        key_policy,
        openapi,
        package_schema,
        policy_rules,
        settings,
    )
    return {path: text for module in modules for path, text in module.documents().items()}


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, "utf-8")
