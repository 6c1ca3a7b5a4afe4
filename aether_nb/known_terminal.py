"""``aether know``, ``remember``, ``forget``, ``memory``: what is known and remembered in the working directory."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from aether_nb import know_verbs, memory_verbs
from aether_nb.config import Settings
from aether_nb.events.kinds import Entry
from aether_nb.opening import known_here, open_record
from aether_nb.store.place import store_folder

__all__ = ["do"]


def do(verb: str, options: argparse.Namespace, settings: Settings, say: Callable[[str], None]) -> str:
    """Do what was typed; gives what there is to say.

    Args:
        verb: Which of the four.
        options: What was typed behind it.
        settings: The settings.
        say: Tells something while it goes on.

    Raises:
        AetherError: It cannot be done.
    """
    here = Path.cwd()
    if verb == "know":
        bar = know_verbs.progress_line(lambda text: print(text, end="", flush=True)) if sys.stdout.isatty() else None
        store = store_folder(None, here, settings.store)
        return know_verbs.know(options, know_verbs.open_desk(settings, store, here, asyncio.run, progress=bar, say=say))

    def entries(run: str) -> Sequence[Entry]:
        store = open_record()
        return store.chain.whole(store.log.resolve(run))[0]

    with closing(known_here()) as knowing:
        if verb == "remember":
            return memory_verbs.remember(options, knowing, entries)
        if verb == "forget":
            return memory_verbs.forget(options, knowing)
        return memory_verbs.memory(options, knowing, here)
