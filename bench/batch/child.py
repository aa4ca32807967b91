"""What the render process costs: CPU seconds of one image in it and in this process, in turns."""

import time
from pathlib import Path

from bench.batch.cpu import render_cpu
from handlers.contract.presets import Limits, parse_presets
from handlers.rendering.render import render
from handlers.rendering.sandbox.process import RenderProcess


def cpu_of_one(photographs: list[Path], presets: tuple[str, ...], limits: Limits) -> tuple[float, float]:
    """CPU seconds of one rendering with the render process, this process's share in it included,
    and of one without. The photographs are rendered in turns, after one to warm up with.
    """
    parsed = parse_presets(presets)
    process = RenderProcess(cpu_seconds=60, wall_seconds=300, memory_bytes=1 << 31)
    warm = photographs[0].read_bytes()
    process.render(warm, parsed, limits)
    render(warm, parsed, limits)
    apart = -render_cpu()
    here = 0.0
    for path in photographs:
        data = path.read_bytes()
        began = time.process_time()
        process.render(data, parsed, limits)
        between = time.process_time()
        render(data, parsed, limits)
        apart += between - began
        here += time.process_time() - between
    apart += render_cpu()
    process.stop()
    return apart / len(photographs), here / len(photographs)
