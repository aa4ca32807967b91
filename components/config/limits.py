"""The largest upload and the largest image that are accepted."""

from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between
from components.config.config_slice import ConfigSlice


@dataclass(frozen=True, kw_only=True)
class LimitsConfig(ConfigSlice):
    """See `handlers.contract.presets.Limits` for the meaning of each."""

    max_upload_bytes: Annotated[int, Between(1, 5 * 1024**3)]  # one presigned POST
    max_pixels: Annotated[int, Between(1, 500_000_000)]
    max_side: Annotated[int, Between(1, 65_535)]  # the largest side a JPEG can have
    max_frames: Annotated[int, Between(1, 10_000)]
    max_metadata_bytes: Annotated[int, Between(1, 64 * 1024**2)]
