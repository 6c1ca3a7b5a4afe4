"""What ``encrypt``, ``decrypt`` and ``unlock`` do in a notebook: the record is let go of first."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from aether_nb.doing import encryption
from aether_nb.errors import UsageFault
from aether_nb.live.whereabouts import secret_reader
from aether_nb.session.conversation import Session
from aether_nb.session.opening import record_place, surroundings

__all__ = ["HANDLERS"]


def encrypt(session: Session, options: argparse.Namespace) -> str:
    """Encrypt the record of this notebook, or the one that is named."""
    place, read = _let_go(session, options.store), secret_reader(session.shell)
    return _calmly(lambda: encryption.encrypt(options, place, session.models.record, session.sealer, read))


def decrypt(session: Session, options: argparse.Namespace) -> str:
    """Make it readable again."""
    place = _let_go(session, options.store)
    return _calmly(lambda: encryption.decrypt(place, session.sealer, secret_reader(session.shell)))


def unlock(session: Session, _: argparse.Namespace) -> str:
    """Take its passphrase."""
    return _calmly(lambda: encryption.unlocked(surroundings(session.shell)[1], secret_reader(session.shell)))


def _let_go(session: Session, named: str) -> Any:
    """Where the record is, which this kernel does not have open any more; it opens it again when it needs it."""
    session.store.log.close()
    return record_place(named) if named else surroundings(session.shell)[1]


def _calmly(act: Callable[[], str]) -> str:
    """What an act says. Stop ends it without a traceback, in which could stand what was typed."""
    try:
        return act()
    except KeyboardInterrupt:
        raise UsageFault("Stopped.", "Nothing is lost.", "Whatever was begun goes on with: %aether encrypt") from None


HANDLERS: dict[str, Callable[[Session, Any], str]] = {"encrypt": encrypt, "decrypt": decrypt, "unlock": unlock}
