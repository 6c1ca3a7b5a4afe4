"""What a server says it has: tools, resources and prompts, as bounded plain values. All of it is text from a stranger.

Names are made into names that every provider takes. What a server says of itself never lowers the risk by itself:
who trusts whom is handed in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events.kinds import Effect, Risk

__all__ = ["Remote", "Thing", "judged", "named", "plain", "prompts", "remote", "resources"]

LONGEST = 1_024
"""Characters of a description that a model is told."""

LONGEST_SCHEMA = 8_000
"""Characters of a tool's schema; one that is longer is told without its descriptions, or not at all."""

NAME = 64
"""Characters of a tool's name: the shortest limit among the providers."""

MOST = 300
"""Resources, and prompts, that are told of."""

_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")


@dataclass(frozen=True)
class Remote:
    """A tool of a server.

    Args:
        name: What the server calls it.
        title: A title for people; may be empty.
        description: What it says it does, bounded.
        schema: The JSON schema of its arguments, bounded.
        hints: What it says of itself: ``read_only``, ``destructive``, ``idempotent``, ``open_world``.
    """

    name: str
    title: str = ""
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    hints: Mapping[str, bool] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """A hash of all that it says of itself."""
        said = [self.name, self.title, self.description, self.schema, self.hints]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Thing:
    """A resource or a prompt of a server: what it is called there, what it is, and what a prompt takes."""

    name: str
    description: str = ""
    takes: tuple[str, ...] = ()
    template: bool = False


def prompts(said: Iterable[Any]) -> list[Thing]:
    """The prompts of a server, as the SDK gives them; at most a few hundred."""
    found = list(said)[:MOST]
    return [
        Thing(
            plain(one.name, 100),
            plain(one.description, 200),
            tuple(plain(each.name, 60) for each in one.arguments or ()),
        )
        for one in found
    ]


def resources(said: Iterable[Any], templates: Iterable[Any]) -> list[Thing]:
    """The resources of a server and the forms of further ones, likewise."""
    whole = [Thing(str(one.uri), plain(one.description or one.name, 200)) for one in list(said)[:MOST]]
    forms = list(templates)[:MOST]
    return whole + [
        Thing(str(one.uri_template), plain(one.description or one.name, 200), template=True) for one in forms
    ]


def plain(text: str | None, longest: int = LONGEST) -> str:
    """A text of a stranger: no signs that nobody sees, no more than so many characters."""
    shown = _UNSEEN.sub("", text or "")
    shown = "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in shown).strip()
    return shown if len(shown) <= longest else f"{shown[:longest]} … (cut)"


def remote(said: Any, doubtful: Callable[[str], str]) -> Remote:
    """A tool as the SDK gives it.

    Args:
        said: The SDK's ``Tool``.
        doubtful: Why a text reads like an order to a model; empty when it does not. Such a description is kept from
            the model, whatever else is in it.
    """
    notes = said.annotations
    hints = {
        name: value
        for name in ("read_only", "destructive", "idempotent", "open_world")
        if isinstance(value := getattr(notes, f"{name}_hint", None), bool)
    }
    description = plain(said.description)
    schema = _schema(said.input_schema)
    title = plain(said.title or getattr(notes, "title", "") or "", 80)
    words = f"{said.name}\n{title}\n{description}\n{json.dumps(schema, ensure_ascii=False)}"
    if why := doubtful(words):
        title, description, schema = "", f"(Its server's description is withheld: {why}.)", _bare(schema)
    return Remote(str(said.name), title, description, schema, hints)


def _schema(given: Any) -> dict[str, Any]:
    """A schema that providers take, of bounded size."""
    schema = dict(given) if isinstance(given, Mapping) else {}
    schema.pop("$schema", None)
    schema["type"] = "object"
    if not isinstance(schema.get("properties"), Mapping):
        schema["properties"] = {}
    if len(json.dumps(schema)) > LONGEST_SCHEMA:
        schema = _bare(schema)
    if len(json.dumps(schema)) > LONGEST_SCHEMA:
        names = list(schema["properties"])[:100]
        schema = {"type": "object", "properties": {str(name)[:64]: {} for name in names}}
    return schema


def _bare(value: Any) -> Any:
    """A schema without words: descriptions, titles, examples and comments taken out."""
    if isinstance(value, Mapping):
        words = ("description", "title", "examples", "$comment", "default")
        return {
            key: {name: _bare(one) for name, one in inner.items()}
            if key in ("properties", "$defs", "definitions") and isinstance(inner, Mapping)
            else _bare(inner)
            for key, inner in value.items()
            if key not in words
        }
    return [_bare(one) for one in value] if isinstance(value, list) else value


def named(server: str, tools: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """A name for each tool of a server that every provider takes and that nobody else has: ``server__tool``.

    Args:
        server: The server's name.
        tools: What it calls its tools.
        taken: Names that are given away.

    Returns:
        The server's name of each tool, by its name here.
    """
    found: dict[str, str] = {}
    for tool in dict.fromkeys(tools):
        name = f"{_word(server)}__{_word(tool)}"
        if len(name) > NAME or name in found or name in taken:
            mark = hashlib.sha256(f"{server}\0{tool}".encode(errors="replace")).hexdigest()[:8]
            name = f"{name[: NAME - 9]}_{mark}"
        found.setdefault(name, tool)
    return found


def _word(text: str) -> str:
    word = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_") or "x"
    return word if word[0].isalpha() else f"s{word}"


def judged(hints: Mapping[str, bool], trusted: bool) -> tuple[Risk, Effect, tuple[str, ...]]:
    """The risk and the effect of a call, and why: what is not known is high, and a stranger's word lowers little.

    Args:
        hints: What the server says of the tool.
        trusted: Whether the user takes the server's word.

    Returns:
        Only where the user takes its word does a tool that reads, inside its own system, run without a question.
    """
    reads, breaks = hints.get("read_only") is True, hints.get("destructive") is not False
    if reads and trusted and hints.get("open_world") is False:
        return "low", "pure", ()
    if reads and trusted:
        return "medium", "pure", ("it asks a system outside, which sees what is asked",)
    if reads:
        return "medium", "external", ("its server says that it only reads; nobody has checked that",)
    if trusted and not breaks:
        effect: Effect = "idempotent" if hints.get("idempotent") else "external"
        return "medium", effect, ("its server says that it adds and never overwrites",)
    if hints.get("destructive") is True:
        return "high", "external", ("its server says that it may destroy something",)
    return "high", "external", ("what it does outside of this notebook is not known",)
