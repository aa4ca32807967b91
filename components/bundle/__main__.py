"""Build every archive and print its size and place."""

import sys
from itertools import chain

from components.bundle import LAYERS, ROOMS, ROOT, BundleError, code_archive, layer_archive

try:
    for path in (*map(code_archive, ROOMS), *map(layer_archive, chain.from_iterable(LAYERS.values()))):
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        print(f"{path.stat().st_size:>12,} bytes  {shown}")  # noqa: T201 - a command line
except BundleError as error:
    sys.exit(str(error))
