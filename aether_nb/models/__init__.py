"""Whoever can be asked: an offline analyst, a script, a server."""
