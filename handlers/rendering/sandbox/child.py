"""The processes that render: one waits, and forks another for each image, which reads it and ends.

Nothing of an image outlives its process: the next image meets one that has seen none. The waiting process
imports the decoders once, so that a fork is all an image costs (some milliseconds), and never reads a byte
of an image. `sandbox.process` starts it with an environment without credentials and hands over two
pipes for each image; it learns from here how each process ended.
"""

import contextlib
import gc
import importlib
import os
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, get_args

from PIL import Image

from handlers.contract.presets import Format, Limits, Preset
from handlers.contract.rejections import ImageRejected
from handlers.rendering import vector_code
from handlers.rendering.allocator import prefer_huge_pages
from handlers.rendering.decode import READERS
from handlers.rendering.encode import encode
from handlers.rendering.render import render
from handlers.rendering.sandbox import resource_limits
from handlers.rendering.sandbox.protocol import READY, STATUS, read_frame, write_frame

# What images need that their readers import when they need it.
_ALSO_USED: Final = (
    "PIL.ImageCms",
    "PIL.ImageMath",
    "PIL.WebPImagePlugin",
    "handlers.rendering.colour_spaces",
)
_OPTIONAL: Final = ("pillow_heif",)
_PNG: Final = Preset(name="", width=256, height=256, fit="fill", format="png", quality=100)
_ALL_FORMATS: Final = tuple(
    Preset(name=format_, width=16, height=16, fit="cover", format=format_, quality=80, position="attention")
    for format_ in get_args(Format)
)
_OWN_LIMITS: Final = Limits(
    max_bytes=1 << 20, max_pixels=1 << 16, max_side=256, max_frames=1, max_metadata_bytes=0
)


def wait_for_images(control: socket.socket) -> None:
    """Fork a process for each pair of pipes that comes, and say how it ended, until nothing more comes."""
    _import_decoders()
    _render_own_picture(_ALL_FORMATS)  # which imports the rest
    prefer_huge_pages()
    gc.freeze()  # what is here now need not be looked at, and so not be copied, in any child
    control.send(READY)
    while True:
        message, pipes, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        child = os.fork()
        if not child:
            status = 1
            try:
                control.close()
                status = render_one(*pipes)
            finally:  # whatever was raised ends here
                os._exit(status)
        for pipe in pipes:
            os.close(pipe)
        _, status = os.waitpid(child, 0)
        control.send(STATUS.pack(os.waitstatus_to_exitcode(status)))


def render_one(requests: int, answers: int) -> int:
    """Read one request, answer it and return an exit status, in a process that is good for nothing else."""
    with open(requests, "rb") as reader, open(answers, "wb") as writer:
        header, data = read_frame(reader, sys.maxsize)
        presets = [Preset(**preset) for preset in header["presets"]]
        limits = Limits(**header["limits"])
        resource_limits.for_one_image(header["cpuSeconds"])
        answer, payloads = _answer(data, presets, limits, checked=header["checked"])
        write_frame(writer, answer, *payloads)
    return 0


def _answer(
    data: bytes, presets: Sequence[Preset], limits: Limits, *, checked: bool
) -> tuple[dict[str, Any], list[bytes]]:
    try:
        if checked:
            _render_own_picture(presets)
        rendered = render(data, presets, limits)
    except ImageRejected as rejection:
        return {"outcome": "rejected", "reason": rejection.reason, "measured": rejection.measured}, []
    except MemoryError:
        raise  # the limit that confines this process was met: the image ends it
    except (ImportError, OSError, _Broken) as error:  # the machine or its layer, not the bytes
        return {"outcome": "broken", "error": _described(error)}, []
    except Exception as error:  # noqa: BLE001 - a bug, whether of these bytes or of all is seen in a second process
        return {"outcome": "failed", "error": _described(error)}, []
    variants = [
        {"preset": name, "width": variant.width, "height": variant.height, "bytes": len(variant.data)}
        for name, variant in rendered.variants.items()
    ]
    answer = {"outcome": "rendered", "facts": asdict(rendered.facts), "variants": variants}
    return answer, [variant.data for variant in rendered.variants.values()]


class _Broken(Exception):
    """The renderer fails on a picture that it has rendered a thousand times."""


def _render_own_picture(presets: Sequence[Preset]) -> None:
    """Render a picture that is known to be good, so that what fails next is about the bytes."""
    try:
        picture = encode(Image.linear_gradient("L").convert("RGB"), _PNG)
        render(picture, presets, _OWN_LIMITS)
    except Exception as error:
        raise _Broken(_described(error)) from error


def _described(error: BaseException) -> str:
    """The kind of an error and the place it was raised at; its words may quote the image."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = str(error) if isinstance(error, _Broken) else type(error).__name__
    return f"{kind} at {Path(place.filename).name}:{place.lineno}"


def _import_decoders() -> None:
    """Import all that any original needs, or each process would do it again."""
    for module in (*(f"handlers.rendering.formats.{reader}" for reader in READERS.values()), *_ALSO_USED):
        importlib.import_module(module)
    for module in _OPTIONAL:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    vector_code.library()


if __name__ == "__main__":
    resource_limits.before_images(int(sys.argv[1]))
    with socket.socket(fileno=int(sys.argv[2])) as control:
        wait_for_images(control)
