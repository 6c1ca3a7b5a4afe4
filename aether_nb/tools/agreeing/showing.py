"""What would be started or spoken to, on one line for people: keys in it are masked, variables that are put in are not.

Whoever agrees to a line sees which program it is, with which words, and which of the variables go where: so a reference
to one never disappears in a mask. What is behind a name that says key is masked whole; the rest as any text is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from aether_nb.config.address import masked
from aether_nb.events.masking import MASK, known_keys, mask_text

__all__ = ["VARIABLE", "on_one_line", "without_keys"]

VARIABLE = re.compile(r"\$\{(?P<name>[^}:]+)(?P<more>:-?(?P<rest>[^}]*))?\}")
"""A reference to a variable, perhaps with what stands for one that is not set."""

_SAYS_KEY = re.compile(
    r"(?i)api[_-]?key|secret|token|passw(or)?d|passphrase|credential|(access|private|store)[_-]?key|authorization|cookie"
    r"|(^|[_-])(key|auth|pwd|pass|pat|sig)$"
)
_NAME = re.compile(r"-{0,2}[\w.-]+")
_SAID = re.compile(rf"(?P<name>{_NAME.pattern})(?P<sign>=|:\s*)(?P<value>.+)", re.DOTALL)
_ASKED = re.compile(r"(?P<sign>[?&](?P<name>[\w.-]+)=)(?P<value>[^?&#]+)")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|digest|token)\s+")
_NO_KEY = re.compile(r"(?i)[\d.,]*|true|false|yes|no|on|off")
_CODE = re.compile(r"[\s;|&<>`()]")
_BARE = re.compile(r"[\w@%+=:,./${}-]+")

FIRST, LAST, HERE_A_KEY = "\U000f0000", "\U000ffffc", "\U000ffffd"
"""Signs without a meaning: each stands for a reference while the rest is masked; the last follows one among a key."""

_SIGN = re.compile(f"([{FIRST}-{LAST}])({HERE_A_KEY})?")
_PIECE = re.compile(f"([{FIRST}-{LAST}])|[^{FIRST}-{LAST}]+")


def without_keys(text: str) -> str:
    """Any text about a server without the keys in it, those of the environment included."""
    return mask_text(text, known_keys(os.environ))[0]


def on_one_line(command: Sequence[str], address: str, named: Mapping[str, str | None], folder: str) -> str:
    """A definition on one line.

    Args:
        command: The program, with its arguments.
        address: The address, where there is no program.
        named: Variables and headers; of those that are None only the name is shown.
        folder: Where it is started; empty for the usual place.
    """
    references = _References()
    words = [references.taken(word) for word in command]
    shown = [_after(before, word) for before, word in pairwise(["", *words])]
    line = " ".join(
        text if _BARE.fullmatch(word) else json.dumps(text, ensure_ascii=False)
        for word, text in zip(command, shown, strict=True)
    )
    more = [
        name if value is None else f"{name}={_value(name, references.taken(value))}" for name, value in named.items()
    ]
    more += [f"in the folder {references.taken(folder)}"] if folder else []
    pieces = [line or _address(references.taken(address)), *more]
    text = without_keys("\n".join(" ".join(piece.splitlines()) for piece in pieces))
    lost = [f"{one} in what is masked" for one in references.lost(text)]
    line, *more = (references.put_back(piece) for piece in text.split("\n"))
    return f"{line} (with {', '.join([*more, *lost])})" if more or lost else line


class _References:
    """The references in a line, each as one sign."""

    def __init__(self) -> None:
        self._signs: dict[str, re.Match[str]] = {}
        self._known: dict[str, str] = {}

    def taken(self, text: str) -> str:
        """The text with a sign for each reference."""
        return VARIABLE.sub(self._sign, text.replace(HERE_A_KEY, "\ufffd"))

    def _sign(self, match: re.Match[str]) -> str:
        sign = self._known.setdefault(match[0], chr(min(ord(FIRST) + len(self._known), ord(LAST))))
        self._signs[sign] = match
        return sign

    def put_back(self, text: str) -> str:
        """The text with the references in their places."""

        def reference(sign: re.Match[str]) -> str:
            match = self._signs.get(sign[1])
            return _reference(match, sign[2] is not None) if match else sign[0]

        return _SIGN.sub(reference, text)

    def lost(self, text: str) -> list[str]:
        """Those that a mask has covered."""
        seen = set(text)
        return [_reference(match, True) for sign, match in self._signs.items() if sign not in seen]


def _reference(match: re.Match[str], a_key: bool) -> str:
    """A reference as it was written; what stands for a variable that is not set may be a key, too."""
    rest = match["rest"] if (match["more"] or "").startswith(":-") else ""
    rest = MASK if rest and a_key else _value(match["name"], without_keys(rest))
    text = f"${{{match['name']}:-{rest}}}" if rest else match[0]
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _after(before: str, word: str) -> str:
    """A word of a command, after another: what a flag such as ``--token`` is followed by is a key."""
    flag = before.startswith("-") and _NAME.fullmatch(before) is not None and _SAYS_KEY.search(before) is not None
    if flag and not word.startswith("-"):
        return _word_value(before, word)
    said = _SAID.fullmatch(word)
    if said is None or said["value"].startswith("//"):
        return _address(word)
    return said["name"] + said["sign"] + _word_value(said["name"], said["value"])


def _word_value(name: str, value: str) -> str:
    """As ``_value``, but a line of code is never hidden by the name before it."""
    scheme = _SCHEME.match(value)
    return _address(value) if _CODE.search(value, scheme.end() if scheme else 0) else _value(name, value)


def _value(name: str, value: str) -> str:
    """The value of a name, which may say key: of one only the variables in it stay, and how it is sent."""
    if not _SAYS_KEY.search(name) or _NO_KEY.fullmatch(value):
        return _address(value)
    scheme = _SCHEME.match(value)
    head = scheme[0] if scheme else ""
    return head + _PIECE.sub(lambda one: f"{one[1]}{HERE_A_KEY}" if one[1] else MASK, value[len(head) :])


def _address(text: str) -> str:
    """Any text; the passwords of an address are looked for as an address has them."""
    if "?" in text:
        text = _ASKED.sub(lambda match: match["sign"] + _value(match["name"], match["value"]), text)
    return masked(text)
