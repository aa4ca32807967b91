"""The infrastructure, one file a noun of the picture.

Another Pulumi program places a pipeline of its own with `ImagePipeline`.
"""

from components.config.pipeline_config import ConfigError, PipelineConfig
from components.pipeline import ImagePipeline

__all__ = ["ConfigError", "ImagePipeline", "PipelineConfig"]
