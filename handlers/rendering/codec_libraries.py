"""Libraries that the wheels of Pillow and libvips bring along, called by their C interfaces.

The interfaces are public and stable within an ABI version; that a wheel holds the library is a detail of its
build. A wheel with another version, or without one of the functions, counts as one without the library.
"""

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import PIL

# Where auditwheel puts the libraries of a wheel: beside its packages.
PILLOW, LIBVIPS = "pillow.libs", "pyvips_binary.libs"
# What a function returns, and its arguments, as ctypes has them.
Signature = tuple[Any, Sequence[Any]]


def bundled(name: str, abi: int, functions: Mapping[str, Signature], folder: str = PILLOW) -> Any:
    """The shared library `name` of a wheel, or None where no such library can be called.

    What is in Pillow's folder is the same copy of the library that Pillow itself uses.
    """
    libraries = Path(PIL.__file__).parent.with_name(folder)
    for path in (*libraries.glob(f"{name}-*.so.{abi}"), *libraries.glob(f"{name}-*.so.{abi}.*")):
        library = ctypes.CDLL(str(path))
        if all(hasattr(library, function) for function in functions):
            for function, (result, arguments) in functions.items():
                called = getattr(library, function)
                called.restype, called.argtypes = result, list(arguments)
            return library
    return None
