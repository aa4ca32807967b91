"""The contract of infrastructure and code: keys, rows, settings, routes. Needs nothing but Python."""
