"""A rendering as the attributes of a row."""

from handlers.contract.rows import Row, VariantAttributes
from handlers.rendering.result import Rendered, RenderedVariant
from handlers.storage.buckets import StoredOriginal


def ready(
    original: StoredOriginal, rendered: Rendered, variants: dict[str, VariantAttributes], bucket: str
) -> Row:
    """What a `READY` row says of its original and rendering; `bucket` holds the stored `variants`."""
    facts = rendered.facts
    row: Row = {
        **original.description,
        "Status": "READY",
        "Bucket": bucket,
        "ResizedImageKey": variants["thumbnail"]["Key"],
        "Variants": variants,
        "Format": facts.format,
        "Width": facts.width,
        "Height": facts.height,
        "Frames": facts.frames,
        "BitDepth": facts.bit_depth,
        "HasAlpha": facts.has_alpha,
        "DominantColor": facts.dominant_color,
        "Placeholder": facts.placeholder,
        "Bytes": len(original.data),
    }
    if facts.captured_at:
        row["CapturedAt"] = facts.captured_at
    if facts.camera:
        row["Camera"] = facts.camera
    return row


def attributes(key: str, variant: RenderedVariant) -> VariantAttributes:
    """What a row says of one variant, stored at `key`."""
    return {
        "Key": key,
        "Width": variant.width,
        "Height": variant.height,
        "Bytes": len(variant.data),
        "ContentType": variant.preset.content_type,
    }
