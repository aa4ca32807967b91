"""What a load needs and what it costs, reckoned without AWS."""
