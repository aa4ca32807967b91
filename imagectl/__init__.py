"""`imagectl`, the command line of the image service: upload, look, fetch, delete."""
