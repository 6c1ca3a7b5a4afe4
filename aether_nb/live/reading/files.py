"""Files: what a call reads, writes or shows, and whether that lies inside the working folder.

A path is judged by its text, when that stands in the code; links are not followed. It does not know the disk.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.given import Call, beginning
from aether_nb.live.reading.modules import DANGER_OF
from aether_nb.live.reading.things import Thing, is_variable
from aether_nb.live.reading.words import FILE_WRITERS, READERS, TEXT_WRITERS, is_risky

__all__ = ["Files"]

PATH_KEYS = set("path_or_buf path buf excel_writer fname file filepath_or_buffer io source out_file".split())
MORE_PATHS = {"stylesheet": "reads", "out_file": "writes", "output_path": "writes"}
"""Arguments that are paths although the function is for something else."""
STREAMS = {"file", "stream", "buf"}
SHOWN = {"Markdown", "Latex", "Math", "Pretty", "JSON"}
"""They show a text; a text that is an address or the name of a file is read first."""
FILE_NAME = re.compile(r"\S*/\S*|[\w.-]+\.[a-z]\w{0,4}")
NO_FILE_NAME = re.compile(r"\s*[#*|>`$<\\-]|\S*\s")
"""How a text begins that is to be read by people."""


class Files:
    """Judges calls by the paths they are given."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def judge(self, call: Call) -> None:
        """What a function of a library reads from files and writes to them."""
        name = call.name
        for key, what in MORE_PATHS.items():
            if key in call.given and not call.is_literal(key, None):
                self.path(what, name, call.given[key])
        if name == "export_graphviz" and "1" in call.given and not call.is_literal("1", None):
            self.path("writes", name, call.given["1"])
        if name in SHOWN and call.function.path.startswith("IPython."):
            self._shown(call)
        if name not in {"query", "eval", "use", "set_option"} and is_risky(name):
            self._reader_or_writer(call)
        else:
            self.stream(call, *sorted(STREAMS), *(["0"] if name in {"redirect_stdout", "redirect_stderr"} else []))

    def stream(self, call: Call, *keys: str) -> None:
        """What is printed goes into memory, or into something that the user has open."""
        for key in keys:
            thing = call.given.get(key)
            if thing is None or thing.buffer or call.is_literal(key, None):
                continue
            theirs = sorted(filter(is_variable, thing.deep))
            for root in theirs:
                self.findings.note("medium", f"writes to your variable {root}")
            if not theirs:
                self.findings.high(f"writes to something that is not known ({call.name})")

    def _reader_or_writer(self, call: Call) -> None:
        name, given = call.name, call.given
        if call.holder.buffer:
            return
        writes = name in FILE_WRITERS or call.function.path == "numpy.save"
        reads = name in READERS or call.function.path == "numpy.load"
        pickles = "2" if name == "load" and "2" in given else "allow_pickle"  # its third argument
        if pickles in given and not call.is_literal(pickles, False):
            self.findings.high("unpickles objects, which can run any code")
        paths = [(key, given[key]) for key in ("0", *sorted(PATH_KEYS)) if key in given]
        unpacked = {"**", "*0"} & set(given)
        if name in TEXT_WRITERS and not unpacked and all(call.is_literal(key, None) for key, _ in paths):
            return
        if (writes or reads) and paths and not unpacked:
            for _, path in paths:
                self.path("writes" if writes else "reads", name, path)
            return
        words = "writes to a database" if "sql" in name else "unpickles objects" if "pickle" in name else ""
        self.findings.high(f"{words or 'may reach outside'} ({name})")

    def _shown(self, call: Call) -> None:
        for key in ("url", "filename"):
            if key in call.given and not call.is_literal(key, None):
                self.path("reads", call.name, call.given[key])
        texts = self.findings.texts(call.first())
        start = beginning(call.written("0") or call.written("data"))
        for text in sorted({start, *(texts or ())}):
            if text.startswith("http"):
                self.findings.high(f"reaches the network ({text})")
            elif texts and FILE_NAME.fullmatch(text):
                self.path("reads", call.name, call.first())
        if not texts and not NO_FILE_NAME.match(start) and {"0", "data"} & set(call.given) and call.name != "JSON":
            self.findings.note("medium", f"shows a text, which is read first if it is the name of a file ({call.name})")

    def path(self, what: str, name: str, thing: Thing) -> None:
        """A file that is read or written: inside the working folder, by a name that stands in the code, or not."""
        if thing.buffer:
            return
        texts = self.findings.texts(thing)
        if not texts:
            self.findings.high(f"{what} a file by a computed path ({name})")
            return
        self.findings.files.update(texts if what == "writes" else ())
        for text in sorted(texts):
            if "://" in text or text.startswith(("s3:", "gs:", "hdfs:")):
                self.findings.dangers.add(DANGER_OF["socket"])
                self.findings.high(f"reaches the network ({text})")
            elif _is_inside(text):
                self.findings.note("medium", f"{what} the file {text}", external=what == "writes")
            else:
                self.findings.high(f"{what} a file elsewhere: {text} ({name})")


def _is_inside(text: str) -> bool:
    """Whether a path leads into the working folder."""
    windows = PureWindowsPath(text)
    relative = not PurePosixPath(text).is_absolute() and not windows.anchor and not windows.drive
    return relative and not text.startswith("~") and ".." not in windows.parts and not set(":|\0") & set(text)
