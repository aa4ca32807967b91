"""Capacity and cost of a load, calculated without AWS."""
