"""The infrastructure, one file a noun of the picture."""
