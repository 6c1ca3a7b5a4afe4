"""``aether VERB`` for what is recorded: shown, checked, exported, encrypted, packed. Each returns the exit code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb import verbs
from aether_nb.typed import meant

__all__ = ["HANDLERS", "Handler", "say", "say_as"]

Handler: TypeAlias = Callable[[argparse.Namespace], int]


def say(text: str) -> None:
    """Print a text with commands named as a terminal has them."""
    print(verbs.in_terminal(text))


def say_as(options: argparse.Namespace, text: str, **more: Any) -> None:
    """The same, or as JSON for another program: a text that is none as ``said``, beside what else is known."""
    if options.json and (more or not _is_json(text)):
        print(json.dumps({**more, "said": verbs.in_terminal(text)}, indent=2, ensure_ascii=False))
    else:
        say(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def show(options: argparse.Namespace) -> int:
    """A run as it was seen."""
    from aether_nb.doing import records as record_verbs
    from aether_nb.jobs.executing import told
    from aether_nb.session.opening import open_record

    store = open_record(options.store)
    run = store.log.resolve(meant(options.run))
    (picture,), ok = record_verbs.shown(store, run, options.call)
    state = store.state(run) if options.json else None  # the whole run is read for it once more
    say_as(options, picture["text/plain"], whole=ok, **(told(state)[0] if state else {}))
    return 0 if ok else 1


def trace(options: argparse.Namespace) -> int:
    """What a run did: its plan, its requests and its calls."""
    from aether_nb.doing import records as record_verbs
    from aether_nb.session.opening import open_record

    store = open_record(options.store)
    said, ok = record_verbs.traced(store, store.log.resolve(meant(options.run)), options.json)
    print(said)
    return 0 if ok else 1


def egress(options: argparse.Namespace) -> int:
    """What left this machine."""
    from aether_nb.doing import records as record_verbs
    from aether_nb.session.opening import open_record

    store = open_record(options.store)
    hosts = record_verbs.hosts(store, options.run) if options.json else {}
    say_as(options, record_verbs.went(store, options.run), hosts=hosts)
    return 0


def verify(options: argparse.Namespace) -> int:
    """Whether records are what was written; 1 when one is not."""
    from aether_nb.doing import records as record_verbs
    from aether_nb.session.opening import open_record

    said, ok = record_verbs.verified(open_record(options.store), options)
    say(said)
    return 0 if ok else 1


def replay(options: argparse.Namespace) -> int:
    """Show a run again from its record; 1 when it diverges, or the world differs."""
    from aether_nb.doing import records as record_verbs
    from aether_nb.session.opening import open_record

    said, ok = record_verbs.replayed(open_record(options.store), options, Path.cwd())
    say(said)
    return 0 if ok else 1


def export(options: argparse.Namespace) -> int:
    """Write the code of a run to a file."""
    from aether_nb.doing import code as code_verbs
    from aether_nb.session.opening import open_record

    say_as(options, code_verbs.exported(open_record(options.store), options))
    return 0


def verify_code(options: argparse.Namespace) -> int:
    """Run the code of a run in a fresh kernel; 1 when it does not make the same."""
    from aether_nb.doing import code as code_verbs
    from aether_nb.session.opening import open_post

    post = open_post("cli", options.store)
    said, ok = code_verbs.verified_code(post.store, post.store.log.resolve(meant(options.run)), options)
    say(said)
    return 0 if ok else 1


def why(options: argparse.Namespace) -> int:
    """What failed last, and what to type."""
    from aether_nb.doing import record_care
    from aether_nb.session.opening import open_record

    say_as(options, record_care.explained(open_record(options.store), options.run))
    return 0


def dashboard(options: argparse.Namespace) -> int:
    """What the runs did and cost."""
    from aether_nb.config import load
    from aether_nb.doing import dashboard as dashboard_verbs
    from aether_nb.session.opening import open_record

    found = dashboard_verbs.sheet(open_record(options.store), options, load(Path.cwd()), None)
    say(dashboard_verbs.as_json(found) if options.json else dashboard_verbs.picture(found)["text/plain"])
    return 0


def audit(options: argparse.Namespace) -> int:
    """A report of runs."""
    from aether_nb.doing import record_care
    from aether_nb.session.opening import open_record

    say(record_care.audited(open_record(options.store), options))
    return 0


def pack(options: argparse.Namespace) -> int:
    """A zip with a notebook and its own runs."""
    from aether_nb.config import load
    from aether_nb.doing import record_care
    from aether_nb.session.opening import open_record
    from aether_nb.store.place import FOLDER

    beside = str(Path(options.notebook).resolve().parent / FOLDER)
    say_as(options, record_care.packed(open_record(options.store or load(Path.cwd()).store or beside), options))
    return 0


def encrypt(options: argparse.Namespace) -> int:
    """Encrypt the record, or give it another key."""
    from aether_nb.doing import encryption
    from aether_nb.live.whereabouts import secret_reader
    from aether_nb.session.opening import own_sealer, record_place
    from aether_nb.store.place import FOLDER

    place = record_place(options.store)
    beside = place if isinstance(place, Path) else Path.cwd() / FOLDER
    say_as(options, encryption.encrypt(options, place, beside, own_sealer(), secret_reader(None)))
    return 0


def decrypt(options: argparse.Namespace) -> int:
    """Make an encrypted record readable again."""
    from aether_nb.doing import encryption
    from aether_nb.live.whereabouts import secret_reader
    from aether_nb.session.opening import own_sealer, record_place

    say_as(options, encryption.decrypt(record_place(options.store), own_sealer(), secret_reader(None)))
    return 0


HANDLERS: dict[str, Handler] = {
    "show": show,
    "trace": trace,
    "egress": egress,
    "replay": replay,
    "verify": verify,
    "export": export,
    "verify-code": verify_code,
    "why": why,
    "audit": audit,
    "dashboard": dashboard,
    "pack": pack,
    "encrypt": encrypt,
    "decrypt": decrypt,
}
