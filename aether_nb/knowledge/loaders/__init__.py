"""Readers of files, pages and values, one sort a module; ``reading`` finds the one of an ending."""
