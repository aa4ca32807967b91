"""The resize function that tutorials show: the first record, no condition, no second thought."""

import os
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config

from handlers.contract.keys import image_id_of
from handlers.contract.settings import ResizeSettings, load
from handlers.rendering.render import render

_settings = load(ResizeSettings, os.environ)
_s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
_table = boto3.resource("dynamodb").Table(_settings.table_name)


def handler(event: dict[str, Any], _context: object) -> None:
    """Render what the first record names, store the variants, write the row."""
    described = event["Records"][0]["s3"]["object"]
    key = unquote_plus(described["key"])
    image_id = image_id_of(key)
    original = _s3.get_object(Bucket=_settings.originals_bucket, Key=key)
    rendered = render(original["Body"].read(), _settings.recipes, _settings.limits)
    variants = {}
    for name, variant in rendered.variants.items():
        stored = f"resized/{image_id}/one/{name}.{variant.preset.extension}"
        _s3.put_object(Bucket=_settings.variants_bucket, Key=stored, Body=variant.data)
        variants[name] = {"Key": stored}
    row = {"Status": "READY", "ETag": described["eTag"], "Variants": variants}
    _table.update_item(
        Key={"ImageID": image_id}, AttributeUpdates={name: {"Value": value} for name, value in row.items()}
    )
