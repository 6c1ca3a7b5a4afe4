"""The guard: while the agent's code runs, what it does to files, processes and the network is seen, and asked about.

    attempts   the table: which of Python's own audit events mean what, in plain words
    paths      which file a path really means, and whether it is an ordinary one of the working folder
    agreed     what needs no question: what was announced and agreed to before, temporary files
    chores     what libraries do for themselves: caches, worker processes, compiled parts
    watch      one call's guard: asks once about each thing, remembers what was said, refuses
    hook       Python's audit hook (PEP 578), there once and for all, awake only while such code runs

What the agent's code is agreed to do stands on its card. Whatever else it tries is asked about at that moment, with the
code waiting; nobody there means no, and a no is a ``PermissionError`` in the code. Cells of the user's are never
touched, nor are other threads. Reading is free.

It is no wall. It sees what Python's own functions say that they do. It does not see what compiled libraries do by
themselves (DuckDB, polars, pyarrow, HDF5, a library called through cffi), nor what threads and processes do that the
code has started, nor what is changed through a file that is open already. The reading calls these high risk, before.
"""

from __future__ import annotations

from aether_nb.live.guard.agreed import Agreement
from aether_nb.live.guard.hook import armed
from aether_nb.live.guard.watch import Guard, Refusal

__all__ = ["Agreement", "Guard", "Refusal", "armed"]
