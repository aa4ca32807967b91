"""The infrastructure, one file per noun of the picture.

`__main__.py` and the Pulumi package in `plugin/` create pipelines with `ImagePipeline`.
"""

from components.config.config_slice import ConfigError
from components.config.pipeline_config import PipelineConfig
from components.outputs import outputs_of
from components.pipeline import ImagePipeline

__all__ = ["ConfigError", "ImagePipeline", "PipelineConfig", "outputs_of"]
