"""What is clicked in the panel and does more than answer a question: each click becomes a word to the run, or an event.

A word goes into the run's letter box, as from anywhere else; what is thought of an answer goes to the end of its log;
a file that is dropped is written into the working folder, and a picture goes to the model as well. Nothing here draws,
and no click runs code. Called on the agent's loop.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aether_nb.agent.run import Run
from aether_nb.errors import AetherError, OptionError
from aether_nb.events import kinds as k
from aether_nb.events.rating import FeedbackValue
from aether_nb.session.attaching import picture_in, put
from aether_nb.session.conversation import Session
from aether_nb.session.signalling import Post, Word

__all__ = ["WORDS", "Said"]

WORDS: dict[str, tuple[k.SignalType, tuple[str, ...]]] = {
    "tell": ("tell", ("text",)),
    "pause": ("pause", ()),
    "go": ("go", ()),
    "undo": ("undo", ("call", "id", "sure")),
    "plan": ("plan", ("items",)),
    "revoke": ("revoke", ("id",)),
}
"""The clicks that are words to the run, and what of each goes along."""

OPEN_DROPS = 10
"""So many files may be on their way at once."""


@dataclass
class Said:
    """The clicks on one run's panel, carried out.

    Args:
        session: The notebook's.
        run: The run.
    """

    session: Session
    run: str
    _drops: dict[str, _Drop] = field(default_factory=dict)

    def __call__(self, command: Mapping[str, Any]) -> str:
        """Carry out a click.

        Returns:
            What is to be said about it in the panel; empty for nothing.
        """
        kind = str(command["type"])
        try:
            if kind == "feedback":
                return self._rate(str(command["value"]))  # type: ignore[arg-type]
            if kind == "drop":
                return self._drop(command)
            if kind == "revoke":
                with suppress(OptionError):  # one that was given for this run only
                    self.session.yeses.revoke(str(command["id"]))
                    return ""
            type, names = WORDS[kind]
            self._say(Word(type, "", {name: command[name] for name in names if name in command}))
        except AetherError as error:
            return f"{error.what} {error.why}".strip()
        return ""

    def _say(self, word: Word) -> None:
        Post(self.session.store, self.session.sealer, "panel").send(self.run, word)

    def _rate(self, value: FeedbackValue) -> str:
        """Record what is thought of the answer.

        Raises:
            AetherError: Somebody else advances the run, or it could not be written.
        """
        with self.session.store.leased(self.run) as lease:
            run = Run(self.session.store.log, self.run, epoch=lease.epoch)
            run.catch_up()
            run.append(k.FeedbackGiven(value, "panel"))
        # Opening what is kept takes a second, and nobody has to wait for it.
        threading.Thread(target=self._learn, args=(value,), name="aether-thumb", daemon=True).start()
        return ""

    def _learn(self, value: FeedbackValue) -> None:
        """Keep a run with a thumb up as a solution; put those behind that one with a thumb down was given."""
        with suppress(AetherError):  # the thumb itself is recorded
            self.session.knowing.rated(list(self.session.store.log.read(self.run)), value)

    # ---- files

    def _drop(self, piece: Mapping[str, Any]) -> str:
        """Take in a piece of a file; with the last one it is written, and the run is told.

        Raises:
            AetherError: It cannot be written there.
        """
        id = str(piece["id"])
        drop = self._drops.pop(id, None) or _Drop(str(piece["name"]), int(piece["size"]))
        if not drop.take(int(piece["at"]), str(piece["data"])):
            return f"{drop.name} did not arrive whole. Drop it once more."
        if len(drop.data) < drop.size:
            self._drops[id] = drop
            while len(self._drops) > OPEN_DROPS:
                del self._drops[next(iter(self._drops))]
            return ""
        content = bytes(drop.data)
        file, picture = put(self.session.workspace, drop.name, content), picture_in(content)
        name, size = file.relative_to(self.session.workspace).as_posix(), f"{drop.size:,} bytes"
        what = "a picture" if picture else "a file"
        body: dict[str, Any] = {"text": f"I have put {what} into the working folder: {name} ({size})."}
        if picture:
            body["picture"] = {"mime": picture.mime, "base64": picture.base64}
        self._say(Word("tell", "", body))
        shown = ", and goes with the next message as a picture" if picture else ""
        return f"{name} is in the working folder ({size}){shown}."


@dataclass
class _Drop:
    """A file that arrives in pieces, in order."""

    name: str
    size: int
    data: bytearray = field(default_factory=bytearray)

    def take(self, at: int, data: str) -> bool:
        """Take in the piece that follows; False when another one came, or more than was announced."""
        try:
            piece = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return False
        if at != len(self.data) or at + len(piece) > self.size or (not piece and self.size > at):
            return False
        self.data += piece
        return True
