"""The child process that renders, and its limits."""
