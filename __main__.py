"""The stack: one image pipeline, from the upload to its variants.

client → API → presigned upload → originals bucket → express or bulk queue → resize worker
    → variants bucket
    → table → publisher → event bus
    → distribution → everyone, with `delivery`
"""

import pulumi

from components import ImagePipeline, PipelineConfig, outputs_of

config = PipelineConfig.load(pulumi.Config())
pipeline = ImagePipeline("intake", config)

for name, value in outputs_of(pipeline).items():
    pulumi.export(name, value)
