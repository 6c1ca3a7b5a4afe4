"""The offline analyst: a model that answers plain questions about pandas frames by writing plain pandas code.

The way of a question: ``words`` cuts it, ``lexicon`` and ``nouns`` say what words mean, ``matching`` finds columns and
values (``homonyms`` those that are named like words), ``peek`` looks at columns that were not described, ``parsing``
makes a ``question`` of it, ``intents`` say how it is answered, ``answering`` is the script, ``replying`` runs it,
``model`` is the face.
"""

from __future__ import annotations

from aether_nb.models.analyst.model import Analyst

__all__ = ["Analyst"]
