"""`make bench-hostile`: what the worst files of the hostile corpus cost the photographs beside them.

Twenty good photographs of 12 megapixels arrive at once behind six others, to the deployed program in
the emulator: hostile ones in one round, honest ones of `maxPixels` in the next, in turns. The figure is the
median time to READY of the good ones beside the hostile, by that beside the honest.
"""

import statistics
import time
from collections.abc import Mapping

from bench.hostile.originals import good, honest, hostile
from handlers.contract.presets import Limits, parse_presets
from handlers.contract.rejections import ImageRejected
from handlers.rendering.render import render
from local.system import System, deployed

_GOOD = 20
_ROUNDS = 5
_CONCURRENCY = 2
_LOOK_SECONDS = 0.2
_LONGEST_SECONDS = 180
_PRESETS = parse_presets(
    ["thumbnail 128x128 cover jpeg", "small 512x512 contain webp", "large 1600x1600 contain webp"]
)
_LIMITS = Limits(
    max_bytes=50 << 20, max_pixels=50_000_000, max_side=30_000, max_frames=1_000, max_metadata_bytes=8 << 20
)


def main() -> None:
    """Measure, and print a table and the figure."""
    companions = {"hostile": hostile(), "honest": honest()}
    photographs = good(_GOOD)
    for kind, files in companions.items():
        for name, data in files.items():
            seconds, outcome = _rendered(data)
            print(f"{kind:10}{name:36}{seconds:>7.2f} s of CPU  {outcome}")
    medians: dict[str, list[float]] = {kind: [] for kind in companions}
    with deployed(config={"maxConcurrency": _CONCURRENCY}) as system:
        _settled(system, "warm", photographs)
        for number in range(_ROUNDS):
            for kind in sorted(companions, reverse=bool(number % 2)):
                seconds = _settled(system, f"{number}-{kind}", companions[kind] | photographs)
                medians[kind].append(statistics.median(seconds[name] for name in photographs))
                print(f"round {number + 1} beside {kind:10}{medians[kind][-1]:>7.2f} s to READY")
    ratio = statistics.median(medians["hostile"]) / statistics.median(medians["honest"])
    print(f"\nfigure hostile_neighbour_ratio {ratio:.2f}")


def _rendered(data: bytes) -> tuple[float, str]:
    started, outcome = time.process_time(), "READY"
    try:
        render(data, _PRESETS, _LIMITS)
    except ImageRejected as rejection:
        outcome = rejection.reason
    return time.process_time() - started, outcome


def _settled(system: System, folder: str, files: Mapping[str, bytes]) -> dict[str, float]:
    """Have the files arrive in their order; seconds from each arrival until the row said how it ended.

    They are stored beside the originals first and copied into place then, so that large files arrive as
    fast as small ones.
    """
    s3, dynamodb = system.client("s3"), system.client("dynamodb")
    bucket = system.outputs["originalsBucket"]
    for name, data in files.items():
        s3.put_object(Bucket=bucket, Key=f"staged/{name}", Body=data)
    arrived: dict[str, float] = {}
    for name in files:
        key, source = f"uploads/{folder}/{name}", {"Bucket": bucket, "Key": f"staged/{name}"}
        s3.copy_object(Bucket=bucket, Key=key, CopySource=source)
        arrived[name] = time.monotonic()
    settled: dict[str, float] = {}
    while len(settled) < len(files):
        if time.monotonic() - max(arrived.values()) > _LONGEST_SECONDS:
            raise TimeoutError(f"{sorted(set(files) - set(settled))} of {folder} did not settle")
        for name in set(files) - set(settled):
            row = dynamodb.get_item(
                TableName=system.outputs["tableName"], Key={"ImageID": {"S": f"{folder}/{name}"}}
            )
            if "Item" in row:
                settled[name] = time.monotonic() - arrived[name]
        time.sleep(_LOOK_SECONDS)
    return settled


if __name__ == "__main__":
    main()
