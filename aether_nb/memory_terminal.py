"""``aether remember``, ``aether forget``, ``aether memory``: what is remembered in the working directory."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from aether_nb import memory_verbs
from aether_nb.events.kinds import Entry
from aether_nb.opening import known_here, open_record

__all__ = ["do"]


def do(verb: str, options: argparse.Namespace) -> str:
    """Do what was typed; gives what there is to say.

    Raises:
        AetherError: It cannot be done.
    """

    def entries(run: str) -> Sequence[Entry]:
        store = open_record()
        return store.chain.whole(store.log.resolve(run))[0]

    with closing(known_here()) as knowing:
        if verb == "remember":
            return memory_verbs.remember(options, knowing, entries)
        if verb == "forget":
            return memory_verbs.forget(options, knowing)
        return memory_verbs.memory(options, knowing, Path.cwd())
