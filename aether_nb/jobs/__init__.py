"""Tasks from outside a notebook: one in a kernel of its own, from a template, or many of them as a batch.

A kernel is driven by its protocol, as any notebook does it; what came of a run is read from its record.
"""
