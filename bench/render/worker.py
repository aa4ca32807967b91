"""One engine in a separate process: `python -m bench.render.worker ENGINE`.

One JSON request a line on standard input, one JSON answer a line on standard output, as
`sharp.mjs` does: engines that share a process also share its heap, and pay for each other.
"""

import base64
import json
import sys
from pathlib import Path

from bench.render import engines
from handlers.contract.presets import Preset


def main() -> None:
    """Answer until the input ends."""
    engine = engines.timed(getattr(engines, sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        presets = [Preset(**preset) for preset in request["presets"]]
        milliseconds, outputs = engine(Path(request["path"]), presets)
        encoded = [base64.b64encode(output).decode("ascii") for output in outputs]
        print(json.dumps({"ms": milliseconds, "outputs": encoded}), flush=True)


if __name__ == "__main__":
    main()
