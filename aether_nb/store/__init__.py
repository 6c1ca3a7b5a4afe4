"""The record of runs: what a log is, where it lies, and the kinds of it. Knows events, and nobody who makes them."""
