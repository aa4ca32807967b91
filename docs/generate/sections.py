"""What is written into a document between two markers."""


def marked(text: str, begin: str, end: str, inside: str) -> str:
    """The text with `inside` between its markers. Raises ValueError if it has no such place."""
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the document has no place: {begin!r} … {end!r}")
    return f"{before}{begin}{inside}{end}{after}"
