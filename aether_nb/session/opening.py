"""Opening a session: where the notebook lies, where its record goes, what is configured.

The only place that looks at the surroundings (environment, files, front end); from here on values are handed down.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb.config import FILE, Settings, load, own_file, read, tables
from aether_nb.config.address import Address
from aether_nb.errors import ConfigError
from aether_nb.live.whereabouts import began_in, place, secret_reader
from aether_nb.session.conversation import Session
from aether_nb.session.serving import Serving
from aether_nb.session.unlocking import asking, unlock
from aether_nb.store.place import store_folder, store_place
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store, open_store
from aether_nb.tools.agreeing.agreed import Agreements
from aether_nb.tools.mcp.places import Places
from aether_nb.tools.mcp.servers import Servers

if TYPE_CHECKING:
    from aether_nb.session.knowing import Knowing
    from aether_nb.session.signalling import Post
    from aether_nb.tools.mcp.connection import Surroundings

__all__ = [
    "known_here",
    "open_post",
    "open_record",
    "open_servers",
    "open_session",
    "own_sealer",
    "record_place",
    "surroundings",
]


def open_session(shell: Any, said: Mapping[str, Any] | None = None) -> Session:
    """The session of the notebook that this shell belongs to; nothing is written yet.

    Args:
        shell: The shell.
        said: Settings that were said in the notebook, by name.

    Raises:
        ConfigError: A setting has an invalid value.
    """
    notebook, workspace = place(shell)
    settings, said_by = read(workspace, said)
    began = began_in(shell)
    record = store_folder(notebook, began, settings.store)
    sealer = own_sealer()
    where = store_place(notebook, began, settings.store)
    store = open_store(where, str(notebook or workspace), sealer=sealer, unlock=unlock)
    serving = Serving(settings, record, said_by, lambda: store.encrypted)
    servers = open_servers(settings, workspace, record)
    return Session(shell, serving, store, sealer, workspace, str(notebook or ""), servers)


def open_servers(settings: Settings, workspace: Path, record: Path) -> Servers:
    """The servers whose tools a run may have; nothing is read and none is started yet.

    Args:
        settings: What is configured.
        workspace: The folder of the project.
        record: The folder beside it that is ours, where a folder of servers and their logs lie.
    """

    def places() -> Places:
        own, project = tables(workspace, "mcp")
        home = Path.home() if os.environ.get("HOME") or os.name == "nt" else None
        return Places(workspace, record / "mcp", home, own, project, str(own_file()), str(workspace / FILE))

    def around() -> Surroundings:
        from aether_nb.agent.suspecting import suspicion
        from aether_nb.tools.mcp.connection import Surroundings
        from aether_nb.tools.mcp.eliciting import answered

        def doubtful(text: str) -> str:
            found = suspicion(text)
            return found.signs[0] if found else ""

        return Surroundings(workspace, record / "logs", settings.mcp_timeout, doubtful, answered)

    return Servers(places, Agreements(own_file().parent, workspace), around)


def surroundings(shell: Any) -> tuple[Settings | ConfigError, Path | Address, Path]:
    """The settings, or what is wrong with them, where runs are recorded, and the working folder; for the doctor."""
    notebook, workspace = place(shell)
    try:
        settings: Settings | ConfigError = load(workspace)
    except ConfigError as error:
        settings = error
    override = settings.store if isinstance(settings, Settings) else ""
    return settings, store_place(notebook, began_in(shell), override), workspace


def own_sealer() -> Sealer:
    """This user's key; it is made when something is first sealed."""
    return Sealer(own_file().parent)


def open_record(place: str = "", name: str = "aether") -> Store:
    """The record in a folder or on a server, or the one that belongs to the working directory.

    Whoever sits at a terminal is asked for the passphrase of an encrypted one.
    """
    read = secret_reader(None)
    find = unlock if read is None else asking(read)
    return open_store(record_place(place), name, sealer=own_sealer(), unlock=find)


def record_place(place: str = "") -> Path | Address:
    """Where the record is that belongs to the working directory, or the one that was named."""
    return store_place(None, Path.cwd(), place or load(Path.cwd()).store)


def known_here() -> Knowing:
    """What is known in the working directory, for a terminal.

    Raises:
        ConfigError: A setting has an invalid value.
    """
    from aether_nb.session.knowing import Knowing

    here = Path.cwd()
    settings = load(here)
    record = store_folder(None, here, settings.store)
    # Nobody is asked for the key, only to know whether there is one.
    serving = Serving(settings, record, sealed=lambda: open_store(record_place()).encrypted)
    return Knowing.of(serving, here, lambda: open_record().log)


def open_post(by: str, place: str = "") -> Post:
    """Where words to runs are posted from a terminal, sealed with this user's key."""
    from aether_nb.session.signalling import Post

    return Post(open_record(place), own_sealer(), by)
