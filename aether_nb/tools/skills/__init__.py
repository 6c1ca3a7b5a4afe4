"""Skills: folders with a ``SKILL.md`` that say how something is done well, and functions that write such a text.

``skill`` reads one, ``finding`` knows where they lie and whom to trust, ``opening`` is the tool by which a model reads
one, ``written`` makes them from functions and from runs.
"""
