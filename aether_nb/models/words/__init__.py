"""Tool calls in the words of a model: told to it, read from what it writes, and when that is needed."""
