"""Dated AWS prices."""
