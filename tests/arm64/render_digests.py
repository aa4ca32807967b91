"""Renders originals with presets and prints the digests of the variants; run by the userland's Python.

Arguments: a folder with one file for each original, and the preset lines.
"""

import hashlib
import json
import sys
from pathlib import Path

from handlers.contract.presets import Limits, parse_presets
from handlers.rendering.render import render

limits = Limits(**json.loads(sys.argv[2]))
presets = parse_presets(sys.argv[3:])
digests = {
    path.name: {
        name: hashlib.sha256(variant.data).hexdigest()[:16]
        for name, variant in render(path.read_bytes(), presets, limits).variants.items()
    }
    for path in sorted(Path(sys.argv[1]).iterdir())
}
sys.stdout.write(json.dumps(digests))
