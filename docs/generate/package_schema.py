"""`plugin/schema.json`: the schema of the Pulumi package, from the config slices and `Pulumi.yaml`."""

import json
from pathlib import Path

from docs.generate.sections import DOCS
from plugin.schema import package


def documents() -> dict[Path, str]:
    """The schema as the provider serves it."""
    return {DOCS.parent / "plugin" / "schema.json": f"{json.dumps(package(), indent=2)}\n"}
