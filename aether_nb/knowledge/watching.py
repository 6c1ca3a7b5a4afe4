"""Watching folders, for those who want what changed to be known at once. Needs the extra ``watch``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from aether_nb.errors import KnowledgeError, KnowledgeMissing

__all__ = ["watch"]


def watch(sources: Mapping[Path, str], changed: Callable[[str], None], stop: Event) -> None:
    """Say which sources changed, until ``stop`` is set or somebody presses Ctrl-C.

    Args:
        sources: Files and folders, each with the source that it belongs to.
        changed: Told of a source, once for all that changed within a moment.
        stop: Ends it.

    Raises:
        KnowledgeError: The package that watches is not installed.
        KnowledgeMissing: There is nothing to watch.
    """
    try:
        from watchfiles import watch as watch_files
    except ImportError as error:
        what = "Folders cannot be watched."
        raise KnowledgeError(what, "It takes the package watchfiles.", "%pip install aether-nb[watch]") from error
    there = {path: source for path, source in sources.items() if path.exists()}
    if not there:
        raise KnowledgeMissing("There is nothing to watch.", "No file and no folder was added.", "know add FOLDER")
    for changes in watch_files(*there, stop_event=stop, raise_interrupt=False):
        touched = [Path(path) for _, path in changes]
        of = {source for path, source in there.items() if any(one == path or path in one.parents for one in touched)}
        for source in sorted(of):
            changed(source)
