"""What an original's metadata says about its author, its licence and its capture, and nothing else."""
