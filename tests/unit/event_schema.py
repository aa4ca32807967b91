"""Whether an event is as `docs/events.schema.json` says."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parents[2] / "docs" / "events.schema.json"
SCHEMA = json.loads(_FILE.read_text("utf-8"))
_VALIDATOR = Draft202012Validator(SCHEMA)


def complaints(event):
    """What is wrong with an event as EventBridge delivers it: source, detail-type and detail."""
    wrong = [error.message for error in _VALIDATOR.iter_errors(event)]
    [kind] = [each for each in SCHEMA["oneOf"] if _is_of(event, each)] or [SCHEMA["oneOf"][0]]
    return [*wrong, *_undeclared(event["detail"], kind["properties"]["detail"])]


def _is_of(event, kind):
    return kind["properties"]["detail-type"]["const"] == event["detail-type"]


def _undeclared(value, schema):
    """Members that the schema does not name: readers would pass over them, and nobody would know of them."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if not isinstance(value, dict):
        return []
    found = []
    for name, member in value.items():
        declared = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        found += _undeclared(member, declared) if declared else [f"{name} is not declared"]
    return found
