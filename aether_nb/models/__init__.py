"""Whoever can be asked: an offline analyst, a script, a server.

``base`` says what a model is, and ``router`` makes one of a name. ``endpoints`` are who is asked over a network,
``formats`` how they are spoken with, ``sending`` is the way there and back, ``words`` are tool calls in plain text,
``catalogue`` is what is known of providers and prices. Each room imports only those named before it; below them all
is ``endpoints``, which ``base`` needs too.
"""
