"""`docs/events.schema.json`, from the structures that events are made of."""

import json
from pathlib import Path
from typing import Any

import msgspec

from docs.generate.sections import DOCS
from handlers.contract.event_source import SOURCE
from handlers.publish.completion_events import DETAIL_TYPES, VERSION


def documents() -> dict[Path, str]:
    """The JSON Schema of all events as EventBridge delivers them."""
    references, parts = msgspec.json.schema_components(DETAIL_TYPES, ref_template="#/$defs/{name}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Events of {SOURCE}, version {VERSION}",
        "oneOf": [
            _event(detail_type, reference)
            for detail_type, reference in zip(DETAIL_TYPES.values(), references, strict=True)
        ],
        "$defs": parts,
    }
    return {DOCS / "events.schema.json": f"{json.dumps(schema, indent=2)}\n"}


def _event(detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "source": {"const": SOURCE},
            "detail-type": {"const": detail_type},
            "detail": detail,
        },
        "required": ["source", "detail-type", "detail"],
    }
