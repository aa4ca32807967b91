"""Frames between the resize function and its render processes: a JSON header, then raw bytes.

Plain data both ways and never pickles, because the process that reads hostile images must not be
able to make the other one run anything. Every length is bounded before as many bytes are read.
"""

import json
import struct
from typing import IO, Any, Final

# On the control socket: decoders are at hand; and how the process of one image ended, as
# `os.waitstatus_to_exitcode` has it.
READY: Final = b"r"
STATUS: Final = struct.Struct("=i")

_LENGTHS: Final = struct.Struct(">IQ")
_MAX_HEADER_BYTES: Final = 1 << 16


class BrokenFrame(Exception):
    """The stream ended or does not hold a frame: the process on the other side is gone or hostile."""


def write_frame(stream: IO[bytes], header: dict[str, Any], *payloads: bytes) -> None:
    """Write a header and the payloads, one after the other."""
    encoded = json.dumps(header, separators=(",", ":")).encode()
    stream.write(_LENGTHS.pack(len(encoded), sum(map(len, payloads))) + encoded)
    stream.writelines(payloads)
    stream.flush()


def read_frame(stream: IO[bytes], max_payload_bytes: int) -> tuple[dict[str, Any], bytes]:
    """Read a header and its payload. Raises BrokenFrame."""
    header_bytes, payload_bytes = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if header_bytes > _MAX_HEADER_BYTES:
        raise BrokenFrame(f"a header of {header_bytes} bytes")
    if payload_bytes > max_payload_bytes:
        raise BrokenFrame(f"a payload of {payload_bytes} bytes")
    try:
        header = json.loads(_exactly(stream, header_bytes))
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise BrokenFrame("a header that is not an object")
    return header, _exactly(stream, payload_bytes)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise BrokenFrame(f"{len(data)} of {size} bytes")
    return data
