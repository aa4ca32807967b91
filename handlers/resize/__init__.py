"""The resize function: S3 events from the queue in, variants and rows out."""
