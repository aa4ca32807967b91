"""The codec libraries that the wheels of Pillow and libvips bring along, to be called directly."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import PIL

# Beside the packages: where auditwheel puts the libraries of a wheel.
PILLOW, LIBVIPS = "pillow.libs", "pyvips_binary.libs"


@cache
def bundled(name: str, folder: str = PILLOW) -> Any:
    """The shared library `name` of a wheel, or None for a wheel that is missing or was built otherwise.

    What is in Pillow's folder is the same copy of the library that Pillow itself uses.
    """
    libraries = Path(PIL.__file__).parent.with_name(folder)
    return next((ctypes.CDLL(str(path)) for path in sorted(libraries.glob(f"{name}-*.so*"))), None)
