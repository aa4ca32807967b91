"""What `make up` leaves for other programs to read: `.local/outputs.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws_clients import Credentials
from local.system import System


def documented(system: System) -> dict[str, Any]:
    """The stack's outputs, `endpointUrl`, `region`, and the users `uploader` and `operator`."""
    return {
        **system.outputs,
        "endpointUrl": system.endpoint,
        "region": system.region,
        "uploader": _key(system.uploader),
        "operator": _key(system.operator),
    }


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document so that a reader sees either nothing or all of it, and only its owner can."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(document, indent=2) + "\n")
    unfinished.replace(path)


def _key(caller: Credentials) -> dict[str, str]:
    return {"accessKeyId": caller.access_key_id, "secretAccessKey": caller.secret_access_key}
