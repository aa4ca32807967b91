"""The codec libraries that Pillow's wheel brings along, to be called without Pillow between."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import PIL


@cache
def bundled(name: str) -> Any:
    """The shared library `name` of Pillow's wheel, or None for a Pillow that was built otherwise.

    It is the same copy of the library that Pillow itself uses.
    """
    libraries = Path(PIL.__file__).parent.with_name("pillow.libs")
    return next((ctypes.CDLL(str(path)) for path in sorted(libraries.glob(f"{name}-*.so*"))), None)
