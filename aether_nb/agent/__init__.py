"""What a run does next, and the one place that does it."""
