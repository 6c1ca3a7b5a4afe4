"""What happened to a run, as pure values, and what they add up to."""
