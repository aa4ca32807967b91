"""`docs/openapi.json`: the API's description for a stack with the default settings."""

import json
from pathlib import Path

from components.config.pipeline_config import PipelineConfig
from docs.generate.sections import DOCS
from handlers.api.routes import description
from handlers.contract.settings import ApiSettings, load, variables


def documents() -> dict[Path, str]:
    """The document. It holds no names of buckets and tables."""
    names = dict.fromkeys(("originals_bucket", "variants_bucket", "table_name", "quota_table_name"), "")
    environment = variables(ApiSettings, PipelineConfig.with_defaults(), kms_key_arn="", **names)
    document = description(load(ApiSettings, environment))
    return {DOCS / "openapi.json": json.dumps(document, indent=2) + "\n"}
