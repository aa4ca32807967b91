"""The render process: reads images, writes variants, and may do nothing else.

It is started by `handlers.render_process` with an environment without credentials and limits on
its memory, files and system calls, so that an image that crashes the decoder, or takes it over,
takes nothing with it.
"""

import math
import resource
import sys
from dataclasses import asdict
from typing import IO, Any

from handlers import system_calls
from handlers.frames import BrokenFrame, read_frame, write_frame
from handlers.images import render
from handlers.presets import Limits, Preset
from handlers.rejections import ImageRejected


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Render one request after the other until the stream ends."""
    write_frame(answers, {"outcome": "ready"})
    while True:
        try:
            header, data = read_frame(requests)
        except BrokenFrame:
            return
        _bound_cpu(header["cpuSeconds"])
        answer, payloads = _answer(header, data)
        write_frame(answers, answer, *payloads)


def _answer(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    presets = [Preset(**preset) for preset in header["presets"]]
    try:
        rendered = render(data, presets, Limits(**header["limits"]))
    except ImageRejected as rejection:
        return {"outcome": "rejected", "reason": rejection.reason, "measured": rejection.measured}, []
    except MemoryError:
        raise  # the limit that confines this process was met: the image ends it
    except Exception as error:  # noqa: BLE001 - a bug, reported as one and not held against the image
        return {"outcome": "failed", "error": f"{type(error).__name__}: {error}"[:300]}, []
    variants = [
        {"preset": name, "width": variant.width, "height": variant.height, "bytes": len(variant.data)}
        for name, variant in rendered.variants.items()
    ]
    answer = {"outcome": "rendered", "facts": asdict(rendered.facts), "variants": variants}
    return answer, [variant.data for variant in rendered.variants.values()]


def _bound_cpu(seconds: int) -> None:
    """Have the kernel end this process (SIGXCPU) after so much more of a processor's time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def confine(memory_bytes: int) -> None:
    """Bound the memory of this process; forbid it to write files, leave core dumps or reach out."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    system_calls.forbid()  # where the kernel has no such filter, the limits above are what there is


if __name__ == "__main__":
    confine(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)
