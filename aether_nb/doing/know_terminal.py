"""``aether know``, ``remember``, ``forget`` and ``memory``: what they need of a terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from aether_nb.doing import know as know_verbs
from aether_nb.doing import know_desk
from aether_nb.doing import memory as memory_verbs
from aether_nb.doing.encryption import readable_note
from aether_nb.doing.record_terminal import say_as
from aether_nb.session.knowing import Knowing
from aether_nb.session.opening import known_here, open_record

__all__ = ["know", "remembering"]

PATIENCE = 0.5
"""Seconds between two looks at how far the vectors are."""


def know(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Do what was typed behind ``know``, and wait until what was added has its vectors.

    Args:
        options: What was typed.
        say: Prints a text.
    """
    bar = know_desk.ProgressLine(sys.stderr if sys.stderr.isatty() else None)
    with closing(known_here()) as knowing, asyncio.Runner() as runner, closing(bar):
        say(know_verbs.know(options, know_desk.open_desk(knowing, runner.run, progress=bar, say=say)))
        if options.what in ("add", "refresh") and not options.json:
            _filled(knowing, bar, say)
        if options.what == "add" and not options.json and (note := _note("knowledge")):
            say(note)
    return 0


def _note(what: str) -> str:
    """What is said where the record is encrypted; empty elsewhere."""
    return readable_note(open_record().encrypted, what)


def _filled(knowing: Knowing, bar: know_desk.ProgressLine, say: Callable[[str], None]) -> None:
    """Make vectors, where somebody makes any; Ctrl-C leaves the rest to the next search."""
    library = knowing.library
    if library.chosen.embedder is None or not library.holds("knowledge"):
        return
    library.fill()
    try:
        while not library.filled(PATIENCE):
            total, embedded = library.counted()
            bar(embedded, total, "vectors")
    except KeyboardInterrupt:
        library.cancel()
    bar.close()
    for line in library.standing():
        say(line)


def remembering(verb: str, options: argparse.Namespace) -> int:
    """Do what was typed behind a verb about memory."""
    store = open_record()
    with closing(known_here()) as knowing:
        if verb == "remember":
            kept = memory_verbs.remember(options, knowing, lambda run: store.chain.whole(store.log.resolve(run))[0])
            say_as(options, f"{kept}\n{_note('what is remembered')}".rstrip())
        elif verb == "forget":
            say_as(options, memory_verbs.forget(options, knowing))
        else:
            say_as(options, memory_verbs.memory(options, knowing, Path.cwd()))
    return 0
