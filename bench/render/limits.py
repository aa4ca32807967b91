"""The limits the benchmarks render with: wide enough for every photograph of the set."""

from handlers.contract.presets import Limits

LIMITS = Limits(
    max_bytes=100 * 2**20, max_pixels=50_000_000, max_side=30_000, max_frames=100, max_metadata_bytes=2**21
)
