"""Writes `docs/openapi.json`: the API's description for a stack with the default settings."""

import json
from pathlib import Path
from typing import Final

from components.config.pipeline_config import PipelineConfig
from handlers.api.routes import description
from handlers.contract.settings import ApiSettings, load, variables

PATH: Final = Path(__file__).parents[1] / "openapi.json"


def main() -> None:
    """Write the document."""
    PATH.write_text(text(), "utf-8")


def text() -> str:
    """The document. Names of buckets and tables are not in it."""
    names = dict.fromkeys(("originals_bucket", "variants_bucket", "table_name", "quota_table_name"), "")
    environment = variables(ApiSettings, PipelineConfig.with_defaults(), kms_key_arn="", **names)
    return json.dumps(description(load(ApiSettings, environment)), indent=2) + "\n"


if __name__ == "__main__":
    main()
