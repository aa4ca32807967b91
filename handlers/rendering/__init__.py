"""The renderer: bytes and presets in, variants and facts out. Pure."""
