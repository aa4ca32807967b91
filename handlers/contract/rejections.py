"""Why bytes can never become variants. Everything that is not one of these is transient."""


class ImageRejected(Exception):
    """The bytes of this original can never become variants, however often they are tried.

    The class name of the error is the row's machine-readable `Reason`; the docstring of the
    class begins with the sentence a person reads, with what was measured appended to it.
    """

    def __init__(self, measured: str = "") -> None:
        self.measured = measured
        sentence = (type(self).__doc__ or "").split("\n\n")[0].strip()
        super().__init__(f"{sentence} ({measured})" if measured else sentence)

    @property
    def reason(self) -> str:
        """The stable, machine-readable code, for example `TooManyPixels`."""
        return type(self).__name__


class EmptyObject(ImageRejected):
    """The object holds no bytes."""


class NotAnImage(ImageRejected):
    """The bytes are not an image."""


class FormatNotAllowed(ImageRejected):
    """The image is in a format this service does not decode."""


class RawNotSupported(ImageRejected):
    """The file is a camera's RAW file, which has to be developed before it is an image."""


class TooLarge(ImageRejected):
    """The object is larger than the stack allows."""


class TooManyPixels(ImageRejected):
    """The image has more pixels than the stack allows."""


class Truncated(ImageRejected):
    """The image ends before its pixels do, or its pixel data is damaged."""


class TooMuchMetadata(ImageRejected):
    """The image carries more metadata than the stack allows."""


class TooMuchMemory(ImageRejected):
    """Decoding the image takes more memory than one image may take."""


class RenderCrashed(ImageRejected):
    """Rendering the image ended the render process, twice."""


class RenderTimedOut(ImageRejected):
    """Rendering the image took longer than one image may take, twice."""


class RenderFailed(ImageRejected):
    """Rendering the image raises an error each time, though the renderer works: a bug of this service.

    Once the bug is fixed, `imagectl backfill --reason RenderFailed` renders the image again.
    """


class TooComplex(ImageRejected):
    """The image takes more work to decode than its pixels are worth."""


class MalwareFound(ImageRejected):
    """The scan for malware found some in the object."""


class NotScannable(ImageRejected):
    """The object cannot be scanned for malware, so it is not let in."""


def named(reason: str, measured: str = "") -> ImageRejected:
    """The rejection with this `Reason`. Raises KeyError if there is none of that name."""
    return {kind.__name__: kind for kind in ImageRejected.__subclasses__()}[reason](measured)
