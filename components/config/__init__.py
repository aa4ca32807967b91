"""The configuration of a pipeline: typed and validated before anything is deployed."""
