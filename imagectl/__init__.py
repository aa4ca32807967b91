"""`imagectl`, the command line of the image service: upload, look, fetch, delete."""

__version__ = "0.1.0"
