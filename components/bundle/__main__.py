"""Build every archive and print its size and place."""

import sys
from itertools import chain

from components.bundle import LAYERS, ROOMS, ROOT, BundleError, code_archive, layer_archive

try:
    for path in (*map(code_archive, ROOMS), *map(layer_archive, chain.from_iterable(LAYERS.values()))):
        print(f"{path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")  # noqa: T201 - a command line
except BundleError as error:
    sys.exit(str(error))
