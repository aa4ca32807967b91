"""What every component is built from."""
