"""What is to be done, and how long the function takes for it."""

import math
from dataclasses import dataclass
from typing import Final

# Seconds of one CPU: a part for encoding the three default variants, and one for each megapixel of
# the original. Measured with the project's renderer on photographs of 2 to 48
# megapixels, and half as much again, because a vCPU of Lambda is slower than that machine's.
_DEFAULT_PRESETS: Final = 3
RENDER_SECONDS: Final = {"jpeg": (0.28, 0.0025), "webp": (0.29, 0.009), "png": (0.30, 0.028)}
# What one call takes besides its images: the first download and the last uploads have nothing to
# hide behind.
CALL_SECONDS: Final = 0.2
COLD_START_SECONDS: Final = 1.5
# Seven calls of S3 and DynamoDB an image, of 30 ms each, which a function that does one thing
# after the other waits for.
WAITING_SECONDS: Final = 0.21
ONE_VCPU_MIB: Final = 1769
# A photograph of a camera or a phone.
_ORIGINAL_BYTES_A_PIXEL: Final = 0.35


@dataclass(frozen=True, kw_only=True)
class Workload:
    """So many images, uploaded evenly within `arriving` seconds, to be done `within` seconds of the first.

    `megapixels` and `format` (`jpeg`, `webp`, `png`) are those of a typical original. The rest is
    the stack's configuration. `seconds_an_image` replaces the estimate by what a stack has measured.
    """

    images: int
    within: float
    arriving: float
    megapixels: float = 12
    format: str = "jpeg"
    presets: int = 3
    batch_size: int = 10
    window_seconds: float = 1
    memory_mib: int = ONE_VCPU_MIB
    seconds_an_image: float | None = None

    @property
    def arrivals_a_second(self) -> float:
        """How many images come in a second."""
        return self.images / self.arriving

    @property
    def most_in_an_hour(self) -> int:
        """How many images come in an hour: what one caller would need as its quota."""
        return min(self.images, math.ceil(self.arrivals_a_second * 3600))

    @property
    def original_bytes(self) -> int:
        """The size of a typical original."""
        return math.ceil(self.megapixels * 1e6 * _ORIGINAL_BYTES_A_PIXEL)

    @property
    def render_seconds(self) -> float:
        """Seconds of one image in a batch, with the CPU that the memory buys."""
        if self.seconds_an_image is not None:
            return self.seconds_an_image
        encoding, decoding = RENDER_SECONDS[self.format]
        seconds = encoding * self.presets / _DEFAULT_PRESETS + decoding * self.megapixels
        return seconds * max(1.0, ONE_VCPU_MIB / self.memory_mib)

    def call_seconds(self, images: int) -> float:
        """Seconds of a call with so many images: one is rendered while others are read and stored."""
        return CALL_SECONDS + images * self.render_seconds

    @property
    def rate_of_one(self) -> float:
        """Images a second that one execution environment gets done, with full batches."""
        return self.batch_size / self.call_seconds(self.batch_size)
