"""The user's kernel: running code in it, seeing what is there, noticing what changed."""
