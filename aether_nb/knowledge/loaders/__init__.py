"""Readers of files, pages and values, one sort a module. ``known.loads`` is the door for another one."""
