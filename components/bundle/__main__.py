"""Build every archive and print its size and place."""

import sys

from components.bundle import LAYERS, ROOT, BundleError, code_archive, layer_archive

try:
    for path in (code_archive(), *map(layer_archive, LAYERS)):
        print(f"{path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")  # noqa: T201 - a command line
except BundleError as error:
    sys.exit(str(error))
