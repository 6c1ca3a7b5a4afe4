"""The one table of verbs and options, from which the magics and the command line are both built.

Plain data and the parser made of it. What a verb does stands in ``magics`` and ``cli``; this module knows neither.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, NoReturn, TypeAlias

from aether_nb.errors import OptionError, UnknownVerb

__all__ = [
    "CELL",
    "VERBS",
    "WORKING",
    "Help",
    "Option",
    "Verb",
    "find",
    "help_text",
    "in_terminal",
    "leading_options",
    "overview",
    "parse",
    "settings_text",
    "words",
]

Face: TypeAlias = Literal["notebook", "terminal"]


@dataclass(frozen=True)
class Option:
    """An option, or a positional argument when its name has no dash.

    ``flag`` takes no value; ``rest`` takes all words that follow.
    """

    names: tuple[str, ...]
    help: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    flag: bool = False
    metavar: str = ""
    rest: bool = False
    faces: tuple[Face, ...] = ("notebook", "terminal")


@dataclass(frozen=True)
class Verb:
    """Something that can be typed after ``%aether`` or ``aether``."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    faces: tuple[Face, ...] = ("notebook", "terminal")


OPTION = re.compile(r"(?P<name>--?[A-Za-z][\w-]*)(?:=(?P<value>\S*))?(?=\s|$)")
VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s-]\S*")

ROLES = ("chat", "utility", "vision", "embedding", "transcribe", "speak")
"""What a model is for."""

JSON = Option(("--json",), "print JSON for another program", flag=True)
RUN = Option(("run",), "the run's name or its beginning; the last one when left out", default="", metavar="RUN")
STORE = Option(("--store",), "the folder of the record; .aether here when left out", default="", metavar="FOLDER")

CELL = Verb(
    "%%aether",
    "Ask about your live variables. The question is the text of the cell; it may begin behind the options.",
    (
        Option(("-o", "--out"), "bind the answer to a variable of this name", metavar="NAME"),
        Option(("--model",), "the model for this question, as provider:model", metavar="MODEL"),
        Option(("--mode",), "how much may run without a question", choices=("plan", "ask", "auto")),
        Option(("--plan",), "end with the plan; run nothing that changes anything", flag=True),
        Option(("--new",), "forget the earlier questions of this notebook", flag=True),
        Option(("--park-after",), "seconds of waiting for you after which the run is parked", metavar="SECONDS"),
    ),
)
"""The cell magic."""

WORKING = ("resume", "replay", "fork")
"""Verbs that work on a run, as a question does: alone in a cell they are awaited, so that clicks are heard."""

VERBS: tuple[Verb, ...] = (
    Verb("status", "Where things stand: model, mode, folder, record.", (), ("notebook",)),
    Verb(
        "help",
        "What can be typed.",
        (Option(("verb",), "one verb; or settings, for all that can be set", default="", metavar="VERB"),),
    ),
    Verb(
        "model",
        "Which model serves, or which one shall; in the middle of a conversation too.",
        (
            Option(("name",), "as provider:model, or NAME@http://host/v1", default="", metavar="MODEL"),
            Option(("--role",), "what it is for; chat when left out", choices=ROLES, default="chat"),
        ),
        ("notebook",),
    ),
    Verb(
        "models",
        "Which providers there are, or which models one of them has.",
        (
            Option(("provider",), "a provider's name; all of them when left out", default="", metavar="PROVIDER"),
            Option(("--refresh",), "ask the provider, however fresh the list is", flag=True),
            JSON,
        ),
    ),
    Verb(
        "key",
        "Take a provider's key, without showing it, into the system's keyring; never into the notebook.",
        (
            Option(("provider",), "its name; which keys there are when left out", default="", metavar="PROVIDER"),
            Option(("--forget",), "take the kept key away", flag=True),
        ),
    ),
    Verb("setup", "Choose a provider and a model, step by step, and try it out."),
    Verb("new", "Forget the earlier questions of this notebook; runs stay recorded.", (), ("notebook",)),
    Verb(
        "grants",
        "The yeses that last, and taking one back.",
        (Option(("--revoke",), "take back the grant of this name", default="", metavar="GRANT"),),
        ("notebook",),
    ),
    Verb(
        "resume",
        "Go on with a run that was left: its kernel died, or it is parked.",
        (
            RUN,
            Option(("--take",), "take it over from a kernel that is alive", flag=True),
            Option(("--anyway",), "go on, though tools or rules are no longer the same", flag=True),
        ),
        ("notebook",),
    ),
    Verb(
        "replay",
        "Show a run again from its record; or check its effects (confirm); or perform its code again (live).",
        (
            RUN,
            Option(("--mode",), "pure when left out", choices=("pure", "confirm", "live"), faces=("notebook",)),
            Option(("--mode",), "pure when left out", choices=("pure", "confirm"), faces=("terminal",)),
            Option(("-o", "--out"), "bind the answer to a variable of this name", metavar="NAME", faces=("notebook",)),
            JSON,
            replace(STORE, faces=("terminal",)),
        ),
    ),
    Verb(
        "fork",
        "Go another way from an event of a run on, in a new run; the words that follow are said to it.",
        (
            RUN,
            Option(("text",), "what it shall do instead", rest=True, metavar="TEXT"),
            Option(("--at",), "the last event that is copied; the last one when left out", metavar="EVENT"),
            Option(("--anyway",), "go on, though tools or rules are no longer the same", flag=True),
        ),
        ("notebook",),
    ),
    Verb("runs", "The runs that are recorded here.", (JSON, STORE)),
    Verb("show", "A run as it was seen: plan, cards, approvals, answer.", (RUN, STORE)),
    Verb(
        "trace", "What a run did, in order: plan, model, calls, who approved what, times and cost.", (RUN, JSON, STORE)
    ),
    Verb(
        "verify",
        "Whether records are what was written: one run, all of them, or those that a saved notebook shows.",
        (
            Option(("run",), "the run's name or its beginning; all of them when left out", default="", metavar="RUN"),
            Option(("--head",), "a hash that was noted elsewhere, or its beginning", default="", metavar="HASH"),
            Option(("--notebook",), "a saved notebook, whose outputs hold hashes", default="", metavar="FILE"),
            JSON,
            STORE,
        ),
    ),
    Verb(
        "doctor",
        "Look whether everything is in place, and say what to do; with a model, try it out (three tiny requests).",
        (Option(("model",), "a model to try out, as provider:model", default="", metavar="MODEL"), JSON),
    ),
    Verb("version", "The version."),
    Verb(
        "demo",
        "Run notebooks/01-first-look.ipynb on a copy, in a real kernel, with the offline analyst.",
        (
            Option(
                ("--allow-writes",),
                "approve files that the run writes inside the copy's folder, and nowhere else",
                flag=True,
            ),
            Option(("--out",), "where to put the executed notebook", default="", metavar="FOLDER"),
        ),
        ("terminal",),
    ),
)
"""Every verb, in the order in which help tells of them."""


class Help(Exception):  # not an error: somebody asked for help, and this carries it
    """Somebody asked for help; the text is the message."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises what a cell can show, instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{self.prog}: {message}.", hint=f"{self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        raise Help(self.format_help())


def find(name: str, face: Face) -> Verb:
    """The verb of that name.

    Raises:
        UnknownVerb: There is none; says which one is near.
    """
    known = {verb.name: verb for verb in VERBS if face in verb.faces}
    if name in known:
        return known[name]
    program = "%aether" if face == "notebook" else "aether"
    near = get_close_matches(name, known, 1, 0.5)
    why = f"Did you mean {near[0]!r}?" if near else ""
    hint = f"{program} {near[0] if near else 'help'}"
    raise UnknownVerb(f"There is no verb {name!r}.", why, hint + (", or ask: %%aether" if face == "notebook" else ""))


def parse(verb: Verb, words: Iterable[str], face: Face) -> argparse.Namespace:
    """Read the words after a verb.

    Raises:
        OptionError: They cannot be read.
        Help: They ask for help.
    """
    parser, typed = _parser(verb, face), list(words)
    # Words that follow may be told apart by options between them, which costs the usage line its form.
    rest = any(option.rest for option in verb.options)
    found, more = (parser.parse_known_intermixed_args if rest else parser.parse_known_args)(typed)
    if more and verb.name == "key":
        program = "%aether" if face == "notebook" else "aether"
        raise OptionError(
            "A key is not typed on the line.",
            "What stands there is kept in the history, and in a notebook in its cell; it is not repeated here.",
            f"That key counts as shown: make a new one, then type only {program} key PROVIDER",
        )
    if more:
        _parser(verb, face).error(f"unrecognized arguments: {' '.join(more)}")
    return found


def leading_options(verb: Verb, line: str) -> tuple[list[str], str]:
    """Cut a line into the options it begins with and the rest, which stays as it was typed.

    Raises:
        OptionError: A quote inside an option's value is not closed.
    """
    flags = {name for option in verb.options if option.flag for name in option.names} | {"--help", "-h"}
    found: list[str] = []
    rest = line.strip()
    while match := OPTION.match(rest):
        name, assigned = match["name"], match["value"]
        rest = rest[match.end() :].lstrip()
        found.append(name)
        if assigned is not None:
            found += words(assigned)
        elif name not in flags and (value := VALUE.match(rest)):
            found += words(value[0])
            rest = rest[value.end() :].lstrip()
    return found, rest


def words(line: str) -> list[str]:
    """A line as a shell would split it.

    Raises:
        OptionError: A quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError("The line cannot be read.", f"{error}.", "Close the quote.") from error


def overview(face: Face) -> str:
    """All verbs, a line each."""
    program = "%aether" if face == "notebook" else "aether"
    rows = [(f"{program} {verb.name}", verb.help) for verb in VERBS if face in verb.faces]
    if face == "notebook":
        rows = [("%%aether", CELL.help), ("%aether QUESTION", "The same, on one line."), *rows]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def help_text(verb: Verb, face: Face) -> str:
    """All about one verb."""
    return _parser(verb, face).format_help()


def settings_text() -> str:
    """Everything that can be set: name, variable, what holds by itself, what is allowed, and what it means."""
    from aether_nb.config import FILE, own_file, table

    files = f"a line of {FILE} beside the notebook, or a line of {own_file()}"
    lines = [f"Set by a variable, {files}; the first of them counts."]
    for name, variable, default, allowed, meaning in table():
        usual = f" When nothing is said: {default}." if default not in ("", "{}") else ""
        lines += ["", f"{name}  {variable}".rstrip(), f"    {meaning}", f"    Allowed: {allowed}.{usual}"]
    return "\n".join(lines)


def in_terminal(text: str) -> str:
    """A text that names commands as they are typed in a notebook, with those that the terminal has as typed there."""
    names = "|".join(verb.name for verb in VERBS if "terminal" in verb.faces)
    return re.sub(rf"%aether (?=({names})\b)", "aether ", text)


def _parser(verb: Verb, face: Face) -> _Parser:
    program = verb.name if verb is CELL else f"{'%aether' if face == 'notebook' else 'aether'} {verb.name}"
    parser = _Parser(prog=program, description=verb.help, allow_abbrev=False)
    for option in verb.options:
        if face not in option.faces:
            continue
        more: dict[str, Any] = {"help": option.help}
        positional = not option.names[0].startswith("-")
        if option.flag:
            more["action"] = "store_true"
        else:
            more["default"] = option.default
            if option.choices:
                more["choices"] = option.choices
            elif option.metavar:
                more["metavar"] = option.metavar
            if positional:
                more["nargs"] = "*" if option.rest else "?"
        parser.add_argument(*option.names, **more)
    return parser
