"""What `imagectl upload` does, step by step: walk, prepare, send, follow."""
