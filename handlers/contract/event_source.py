"""The source of the events on a pipeline's bus, by which rules recognize them."""

from typing import Final

SOURCE: Final = "image-intake"
"""The `source` of every event. Each pipeline has its own bus, so it need not distinguish them."""
