"""The Lambda code: what runs in the resize function and in the API function."""
