"""What ``insert``, ``export`` and ``verify-code`` do in a notebook: a run becomes cells, a file, or is run again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aether_nb.doing import code as code_verbs
from aether_nb.errors import UsageFault
from aether_nb.events.kinds import Kept
from aether_nb.live.keeping import Clock, NotPossible, TooMuch, matches, save
from aether_nb.session.conversation import Session
from aether_nb.typed import meant

__all__ = ["HANDLERS"]


def insert(session: Session, options: argparse.Namespace) -> str:
    """Put the code of a run into a cell below this one."""
    code, _ = code_verbs.code_in(session.store, session.store.log.resolve(meant(options.run, session.last)))
    text = code_verbs.cell_of_run(code)
    if "google.colab" in sys.modules:  # it would insert the cell twice
        return text
    session.shell.set_next_input(text)
    return f"The code of run {code.run} stands in the cell below."


def export(session: Session, options: argparse.Namespace) -> str:
    """Write the code of a run to a file of the working folder."""
    return code_verbs.exported(session.store, options, session.last, session.workspace)


def verify_code(session: Session, options: argparse.Namespace) -> str:
    """Run the code of a run in a fresh kernel, after the cells of this notebook."""
    run = session.store.log.resolve(meant(options.run, session.last))
    before, spare = _cells_before(session, run), partial(_spare, session.shell)
    try:
        said, same = code_verbs.verified_code(session.store, run, options, before, spare)
    except KeyboardInterrupt:
        raise UsageFault("Stopped.", "The fresh kernel is gone, and nothing here was changed.") from None
    kept = session.knowing.keep_verified(session.store.whole(run)[0]) if same and not options.json else ""
    return f"{said}\n{kept}".strip()


def _cells_before(session: Session, run: str) -> list[str] | None:
    """The cells that were run in this kernel before a run of it; None for a run of an earlier kernel."""
    number = session.cells.get(run)
    if number is None:
        return None
    history: list[str] = session.shell.history_manager.input_hist_raw[:number]
    return [part for text in history if (part := code_verbs.users_part(text))]


def _spare(shell: Any, kept: Kept) -> tuple[str, bytes] | None:
    """A variable of this kernel that still holds what a run has read, as bytes; None when it does not."""
    value = shell.user_ns.get(kept.name)
    try:
        format, data = save(value, None, Clock())
    except (NotPossible, TooMuch):
        return None
    return (format, bytes(data)) if matches(value, kept.hash) else None


HANDLERS: Mapping[str, Callable[[Session, Any], str]] = {
    "insert": insert,
    "export": export,
    "verify-code": verify_code,
}
