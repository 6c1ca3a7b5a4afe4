"""Asking models from a program: ``Aether``, its answers, its conversations and its runs."""
