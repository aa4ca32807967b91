"""The delivery function: permanent URLs of variants."""
