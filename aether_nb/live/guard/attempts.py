"""Attempts: which of Python's own audit events mean that files, processes or the network are reached.

One table from events to attempts, in words that follow *The code wants to …*. It does not know who is asked, nor what
is allowed. The events, and what they carry, are listed in the documentation of CPython (*Audit events table*).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from aether_nb.live.guard.paths import entry, place, target

__all__ = ["WATCHED", "Attempt", "Kind", "attempts", "only_reads", "shown"]

Kind: TypeAlias = Literal["write", "folder", "change", "delete", "move", "process", "network", "database", "compiled"]
"""What sort of thing: files that are written, folders made, permissions and dates changed, files deleted, files moved
or linked, processes, connections, database files, compiled code."""

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that code is about to do.

    Attributes:
        kind: Which sort.
        words: What it is, after *wants to*.
        paths: The files and folders it is about, absolute.
        detail: What tells it from others of its kind, when there is no path: a command, a host.
        whole: Whether everything below the paths is meant too.
    """

    kind: Kind
    words: str
    paths: tuple[str, ...] = ()
    detail: str = ""
    whole: bool = False


def shown(text: object) -> str:
    """A text of the code's as a person may be shown it: on one line, printable, and not endless."""
    line = "".join(sign if sign.isprintable() else "�" for sign in " ".join(str(text).split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def attempts(event: str, args: tuple[Any, ...]) -> Iterable[Attempt]:
    """What an event of the table means; nothing when it is harmless, such as a file that is only read.

    One that cannot be understood is an attempt too: what is not known is asked about.
    """
    try:
        return list(WATCHED[event](*args))
    except (TypeError, ValueError, OSError):
        return [Attempt("change", f"do something that cannot be told ({event})", detail=event)]


# -- files

READING = {"r", "rb", "rt", "U", "rU", "rbU", "br", "tr"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NOWHERE = {os.devnull, "/dev/tty"}


def only_reads(_: Any, mode: Any = None, flags: Any = 0, *__: Any) -> bool:
    """Whether a file is opened to be read, by what the event ``open`` carries; asked often, so it is quick."""
    return isinstance(flags, int) and not flags & WRITING and (mode is None or mode in READING)


def _open(path: Any, mode: Any = None, flags: Any = 0, *_: Any) -> Iterable[Attempt]:
    if not only_reads(path, mode, flags) and not isinstance(path, int) and place(path) not in NOWHERE:
        yield _written(target(path))


def _written(file: str) -> Attempt:
    how = "overwrite or add to" if Path(file).exists() else "write"
    return Attempt("write", f"{how} the file {shown(file)}", (file,))


def _about(kind: Kind, verb: str, at: Callable[..., str] = entry, whole: bool = False) -> Callable[..., list[Attempt]]:
    """Something is done to one path, which the event names first, and the open folder it is relative to last."""

    def attempt(path: Any, *rest: Any) -> list[Attempt]:
        place = at(path, rest[-1] if rest else None)
        return [Attempt(kind, f"{verb} {shown(place or path)}", (place,), whole=whole)]

    return attempt


def _from_to(kind: Kind, verb: str, whole: bool = False) -> Callable[..., list[Attempt]]:
    """Something is moved, or linked, from one path to another."""

    def attempt(source: Any, to: Any, *folders: Any) -> list[Attempt]:
        found = [entry(path, folder) for path, folder in zip((source, to), (*folders, None, None), strict=False)]
        return [Attempt(kind, f"{verb} {shown(found[0])} to {shown(found[1])}", tuple(found), whole=whole)]

    return attempt


def _linked(source: Any, to: Any, folder: Any = None) -> list[Attempt]:
    link = entry(to, folder)
    aim = target(Path(link).parent / os.fsdecode(source))
    return [Attempt("move", f"make {shown(link)} a link to {shown(aim)}", (link, aim))]


def _tree(source: Any, to: Any, *_: Any) -> list[Attempt]:
    return [
        Attempt("write", f"copy {shown(source)} with all it holds to {shown(target(to))}", (target(to),), whole=True)
    ]


def _unpacked(archive: Any, to: Any, *_: Any) -> list[Attempt]:
    return [Attempt("write", f"unpack {shown(archive)} into {shown(target(to))}", (target(to),), whole=True)]


def _database(file: Any, *_: Any) -> Iterable[Attempt]:
    name = os.fsdecode(file) if isinstance(file, (str, bytes, os.PathLike)) else ""
    if name in ("", ":memory:") or (name.startswith("file:") and ("mode=ro" in name or "memory" in name)):
        return
    path = target(name.removeprefix("file:").partition("?")[0])
    yield Attempt("database", f"open the database {shown(path)}, in which it may change anything", (path,))


# -- processes


def _command(*args: Any, at: int = 0) -> list[Attempt]:
    said = args[at]
    words = " ".join(map(_text, said)) if isinstance(said, (list, tuple)) else _text(said)
    return [Attempt("process", f"run the program: {shown(words)}", detail=words)]


def _text(word: Any) -> str:
    return os.fsdecode(word) if isinstance(word, (str, bytes, os.PathLike)) else str(word)


def _second(*args: Any) -> list[Attempt]:
    return _command(*args, at=1)


def _third(*args: Any) -> list[Attempt]:
    return _command(*args, at=2)


def _forked(*_: Any) -> list[Attempt]:
    return [Attempt("process", "start a copy of this process", detail="fork")]


def _signalled(process: Any, number: Any, *_: Any) -> list[Attempt]:
    words = f"send the signal {number} to the process {process}"
    return [Attempt("process", words, detail=words)] if number else []


# -- the network


def _reached(_: Any, address: Any, *rest: Any) -> list[Attempt]:
    return _host(*address[:2]) if isinstance(address, tuple) else _host(address) if address is not None else []


def _host(host: Any = None, port: Any = None, *_: Any) -> list[Attempt]:
    name = _text(host) if host else "this machine"
    return [Attempt("network", f"reach the network: {shown(name)}{f', port {port}' if port else ''}", detail=name)]


def _served(_: Any, address: Any, *rest: Any) -> list[Attempt]:
    return [Attempt("network", f"wait for connections on {shown(address)}", detail=str(address))]


# -- code that is not Python


def _loaded(name: Any = None, *_: Any) -> list[Attempt]:
    return [Attempt("compiled", f"load the compiled library {shown(name or 'of this process')}", detail=str(name))]


def _looked_up(library: Any, name: Any = None, *_: Any) -> list[Attempt]:
    return [Attempt("compiled", f"call the compiled function {shown(name)}", detail=str(name))]


def _registry(*args: Any) -> list[Attempt]:
    return [Attempt("change", "change the settings of Windows (its registry)", detail="registry")]


WATCHED: dict[str, Callable[..., Iterable[Attempt]]] = {
    "open": _open,
    "os.mkdir": _about("folder", "make the folder", target),
    "os.truncate": _about("write", "cut off the file", lambda path, _: target(path)),
    "os.chmod": _about("change", "change who may use"),
    "os.chown": _about("change", "change the owner of"),
    "os.chflags": _about("change", "change the flags of", lambda path, _: entry(path)),
    "os.setxattr": _about("change", "change the attributes of", lambda path, _: entry(path)),
    "os.removexattr": _about("change", "change the attributes of", lambda path, _: entry(path)),
    "os.utime": _about("change", "change the dates of"),
    "os.remove": _about("delete", "delete"),
    "os.rmdir": _about("delete", "delete the folder"),
    "shutil.rmtree": _about("delete", "delete, with all it holds,", whole=True),
    "os.rename": _from_to("move", "move"),
    "os.link": _from_to("move", "link"),
    "os.symlink": _linked,
    "shutil.move": _from_to("move", "move", whole=True),
    "shutil.copytree": _tree,
    "shutil.unpack_archive": _unpacked,
    "sqlite3.connect": _database,
    "subprocess.Popen": _second,
    "os.system": _command,
    "os.exec": _second,
    "os.spawn": _third,
    "os.posix_spawn": _second,
    "os.startfile": _command,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "os.kill": _signalled,
    "os.killpg": _signalled,
    "socket.connect": _reached,
    "socket.sendto": _reached,
    "socket.sendmsg": _reached,
    "socket.bind": _served,
    "socket.getaddrinfo": _host,
    "socket.gethostbyname": _host,
    "socket.gethostbyaddr": _host,
    "ctypes.dlopen": _loaded,
    "ctypes.dlsym": _looked_up,
    "sqlite3.load_extension": _looked_up,
    **{f"winreg.{name}": _registry for name in "CreateKey DeleteKey DeleteValue LoadKey SetValue".split()},
}
"""What is seen: an audit event, and what it means for somebody who is asked. Every other event passes unseen."""
