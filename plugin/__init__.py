"""`ImagePipeline` as a Pulumi package, for programs in any language."""
