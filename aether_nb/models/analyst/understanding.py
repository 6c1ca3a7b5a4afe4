"""Understanding: which frame, columns and values a prompt means.

It is read against every frame it may be about. A name that no column lists is looked for among the values; what is
ambiguous is asked. What remains unclear is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from aether_nb.models.analyst.asking import ask
from aether_nb.models.analyst.changing import read_change
from aether_nb.models.analyst.code import columns_of
from aether_nb.models.analyst.conversation import Conversation
from aether_nb.models.analyst.desk import NotDone
from aether_nb.models.analyst.intents import INTENTS
from aether_nb.models.analyst.matching import Vocabulary, meaning_of
from aether_nb.models.analyst.namespace import Frame, Namespace
from aether_nb.models.analyst.nouns import FOREIGN
from aether_nb.models.analyst.parsing import parse
from aether_nb.models.analyst.peek import described, peek_code, wanted
from aether_nb.models.analyst.phrasing import is_figure, listed, plain
from aether_nb.models.analyst.question import Ambiguous, Change, Question, Unclear
from aether_nb.models.analyst.results import table
from aether_nb.models.analyst.script import Action, Outcome, Plan
from aether_nb.models.analyst.words import canon, tokenise

__all__ = ["Reading", "candidates", "understand"]

_ROUNDS = 8
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """A frame, and the questions about it."""

    frame: Frame
    questions: list[Question]


@dataclass(slots=True)
class _Known:
    """What was found out on the way: the frame and the columns a person chose, values that were looked up."""

    frame: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    looked: bool = False
    peeked: dict[str, Frame] = field(default_factory=dict)


def understand(talk: Conversation, names: Namespace) -> Generator[Action | Plan, Outcome, Reading]:
    """Settle frame, columns and values.

    Raises:
        Unclear: It cannot be understood.
        NotDone: Nobody answered a question.
    """
    known = _Known()
    for _ in range(_ROUNDS + len(names.frames)):
        frames = candidates(talk, names, known.frame)
        readings, ambiguous, unclear = _read(talk, names, frames, known)
        if hidden := [frame for frame in frames if frame.partial and frame.name not in known.peeked]:
            yield from _peek(talk.prompt, hidden[0], readings, known)
            names = replace(names, frames=tuple(known.peeked.get(f.name, f) for f in names.frames))
        elif len(readings) == 1:
            return readings[0]
        elif readings:
            options = [reading.frame.name for reading in readings]
            known.frame = yield from _ask_first("Which frame do you mean?", options)
        elif ambiguous:
            question = f"What do you mean by '{ambiguous.phrase}'?"
            known.choices[ambiguous.phrase] = yield from _ask_first(question, list(ambiguous.options))
        elif unclear and unclear.unknown and not known.looked:
            known.looked = True
            yield from _look_up(talk.prompt, unclear.unknown, frames, names, known)
        else:
            raise unclear or Unclear("I do not see what is asked")
    raise Unclear("too much of it is ambiguous")


def understand_change(talk: Conversation, names: Namespace) -> Generator[Action | Plan, Outcome, Change]:
    """Which change of which frame is wanted.

    Raises:
        Unclear: It cannot be understood.
        NotDone: Nobody answered a question.
    """
    found: dict[str, Change] = {}
    faults: list[Unclear] = []
    known = tuple(frame.name for frame in names.frames)
    for frame in candidates(talk, names):
        try:
            found[frame.name] = read_change(talk.prompt, frame, known)
        except Unclear as problem:
            faults.append(problem)
        except Ambiguous as problem:
            told = listed(list(problem.options), "or")
            faults.append(Unclear(f"'{problem.phrase}' may be {told} of {frame.name}"))
    if len(found) > 1:
        return found[(yield from _ask_first("Which frame do you mean?", list(found)))]
    if not found:
        raise faults[0]
    return next(iter(found.values()))


def candidates(talk: Conversation, names: Namespace, chosen: str = "", *, several: bool = False) -> tuple[Frame, ...]:
    """The frames the question may be about: the one that was chosen, the ones it names, else the user's own, else all.

    Tables that an earlier turn made are left out, and so are those that were written to files in another conversation.
    ``several``: at least two are wanted.
    """
    if chosen:
        return tuple(frame for frame in names.frames if frame.name == chosen)
    said = {token.text for token in tokenise(talk.prompt)}
    speakable = _speakable(talk.prompt, names)
    exact = tuple(frame for frame in names.frames if frame.name in said and frame.name in speakable)
    spoken = {canon(word) for word in said}
    named = exact or tuple(
        f for f in names.frames if canon(f.name) in spoken and len(f.name) > 2 and f.name in speakable
    )
    users = tuple(f for f in names.frames if f.name not in talk.made and not _made_here(f))
    if several and len(named) < 2:
        return users
    return named or users or names.frames


def _speakable(prompt: str, names: Namespace) -> tuple[str, ...]:
    """The names of frames that a plain word can stand for: ``rows`` and ``summary`` mean something else mostly."""
    return tuple(
        frame.name
        for frame in names.frames
        if len(names.frames) == 1 or meaning_of(frame.name) in ("", "data") or _pointed_at(frame.name, prompt)
    )


def _pointed_at(name: str, prompt: str) -> bool:
    """Whether a prompt speaks of a frame though its name is a word: ``mean of x in one``, ``rows of `nan` ``."""
    place = r"\b(?:in|from|frame|dataframe|table|(?<!number )(?<!count )(?<!share )of)\s+(?:the\s+frame\s+)?"
    end = r"(?=\s*(?:[?.!,;]|$|(?:by|for|per|where|with|and)\b))"
    return f"`{name}`" in prompt or re.search(place + re.escape(name) + end, prompt) is not None


def _made_here(frame: Frame) -> bool:
    """Whether a frame is probably a table that was written to a file here, and not one to ask about."""
    named = re.fullmatch(r"summary(_\d+)?", frame.name) is not None
    return named and all(is_figure(column.name) for column in frame.columns if not column.index)


def _read(
    talk: Conversation, names: Namespace, frames: Sequence[Frame], known: _Known
) -> tuple[list[Reading], Ambiguous | None, Unclear | None]:
    """Read the prompt against each frame: the readings that hold, and why the others do not."""
    readings: list[Reading] = []
    ambiguous: Ambiguous | None = None
    unclear: Unclear | None = None
    for frame in frames:
        words = Vocabulary(frame, _speakable(talk.prompt, names), known.choices, known.lookups)
        try:
            readings.append(Reading(frame, parse(talk.prompt, words, INTENTS)))
        except Ambiguous as problem:
            ambiguous = ambiguous or problem
        except Unclear as problem:
            unclear = unclear if unclear and len(unclear.unknown) <= len(problem.unknown) else problem
    if len(readings) > 1:
        earlier = {token.text for text in talk.earlier for token in tokenise(text)}
        mentioned = [reading for reading in readings if reading.frame.name in earlier]
        readings = mentioned if len(mentioned) == 1 else readings
    return readings, ambiguous, unclear


def _ask_first(question: str, options: list[str]) -> Generator[Action | Plan, Outcome, str]:
    """Ask the person, before anything is worked out.

    Raises:
        NotDone: Nobody answered, or with something else.
    """
    yield Plan((("Ask what is meant", "ask_user"), ("Work out the answer", "run_python")))
    return (yield from ask(question, options))


def _look_up(
    prompt: str, unknown: Sequence[str], frames: Sequence[Frame], names: Namespace, known: _Known
) -> Generator[Action | Plan, Outcome, None]:
    """Look for unknown words among the values of text columns that have too many of them to be listed."""
    phrases = _phrases(prompt, set(unknown))
    places = [(f, [c.name for c in f.columns if c.kind == "text" and not c.values]) for f in frames]
    places = [(frame, columns) for frame, columns in places if columns]
    if len(places) != 1 or not phrases or any(canon(word) in FOREIGN for word in unknown):
        return
    frame, columns = places[0]
    code = (
        "import pandas as pd\n\n# where do these words occur as values?\n"
        f"pd.DataFrame(\n    [\n        (word, column, value)\n        for column in {columns!r}\n"
        f"        for value in {frame.name}[column].dropna().astype(str).unique()\n        for word in {phrases!r}\n"
        f'        if value.casefold() == word\n    ],\n    columns=["word", "column", "value"],\n)'
    )
    yield Plan((("Look for names among the values", "run_python"), ("Work out the answer", "run_python")))
    purpose = f"Look for {listed(phrases[:3])} among the values"
    outcome = yield Action(
        "run_python", {"code": code, "purpose": purpose}, "Some words may be values, so I look for them."
    )
    rows = table(outcome.text)
    for word, column, value in _triples(rows.rows if rows else ()):
        known.lookups[word] = (*known.lookups.get(word, ()), (column, value))


def _peek(
    prompt: str, frame: Frame, readings: Sequence[Reading], known: _Known
) -> Generator[Action | Plan, Outcome, None]:
    """Look at the columns that were not described, as far as the question may speak of them.

    Raises:
        NotDone: It was denied, or it failed.
    """
    known.peeked[frame.name] = frame
    used = [column for reading in readings for question in reading.questions for column in columns_of(question)]
    phrases = wanted(prompt, [column.name for column in used if column.kind == "unknown" and column in frame.columns])
    if phrases:
        yield Plan((("Look at the columns that are meant", "run_python"), ("Work out the answer", "run_python")))
        arguments = {
            "code": peek_code(frame, phrases),
            "purpose": f"Look for the columns of {frame.name} that are meant",
        }
        outcome = yield Action("run_python", arguments, "Not every column is described to me, so I look.")
        if outcome.status != "done":
            raise NotDone(f"I could not see what the columns of {frame.name} hold: {plain(outcome.text)}")
        known.peeked[frame.name] = described(frame, table(outcome.text))


def _triples(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]


def _phrases(prompt: str, unknown: set[str]) -> list[str]:
    """Unknown words, and runs of words that begin with one, as they may stand in a value."""
    words = [token.text for token in tokenise(prompt) if token.kind in ("word", "number", "quoted")]
    found: list[str] = []
    for at, word in enumerate(words):
        if word in unknown:
            starts = [at - 1, at] if at else [at]
            found += [
                " ".join(words[start : start + n]).casefold()
                for start in starts
                for n in range(1, _MOST_WORDS + 1)
                if start + n > at
            ]
    return list(dict.fromkeys(found))
