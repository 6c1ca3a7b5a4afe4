"""Reading what was typed behind a verb: words, options, the rest of a line, and the help that follows from them.

Knows what verbs and options are, and not one of them: the table of them is ``verbs``.
"""

from __future__ import annotations

import argparse
import keyword
import math
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

from aether_nb.errors import AetherError, OptionError
from aether_nb.live.binding import own_word

__all__ = [
    "OPTION",
    "Face",
    "Help",
    "Option",
    "Verb",
    "calm",
    "checked_name",
    "every",
    "help_text",
    "leading_options",
    "meant",
    "number",
    "parse",
    "seconds",
    "split",
    "whole",
]

Face: TypeAlias = Literal["notebook", "terminal"]


@dataclass(frozen=True)
class Option:
    """An option, or a positional argument when its name has no dash.

    ``flag`` takes no value; ``rest`` takes all the words that are left; ``terminal`` or ``notebook``: only there.
    """

    names: tuple[str, ...]
    help: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    flag: bool = False
    metavar: str = ""
    rest: bool = False
    terminal: bool = False
    notebook: bool = False


@dataclass(frozen=True)
class Verb:
    """Something that can be typed after ``%aether`` or ``aether``.

    ``prose``: what stands behind its options is a text, in which dashes and quotes mean nothing. ``examples`` are lines
    as they may be typed, without the program's name.
    """

    name: str
    help: str
    options: tuple[Option, ...] = ()
    faces: tuple[Face, ...] = ("notebook", "terminal")
    prose: bool = False
    examples: tuple[str, ...] = ()


_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
OPTION = re.compile(r"(?P<name>--?[A-Za-z][\w-]*)(?:=(?P<value>\S*))?(?=\s|$)")
VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s-]\S*")


class Help(Exception):  # not an error: somebody asked for help, and this carries it
    """Somebody asked for help; the text is the message."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises what a cell can show, instead of leaving the process."""

    examples: tuple[str, ...] = ()

    def format_help(self) -> str:
        """What argparse says, and below it lines as they may be typed."""
        shown = "".join(f"  {line}\n" for line in self.examples)
        return super().format_help() + (f"\nexamples:\n{shown}" if shown else "")

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{self.prog}: {message}.", hint=f"{self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        raise Help(self.format_help())


def parse(verb: Verb, words: Iterable[str], face: Face) -> argparse.Namespace:
    """Read the words after a verb.

    Raises:
        OptionError: They cannot be read.
        Help: They ask for help.
    """
    words = list(words)
    if verb.prose and (text := _beginning(verb, words)) < len(words):
        words.insert(text, "--")
    parser = _parser(verb, face)
    # Options may stand between the words that are left; the usage line cannot say that.
    mixed = not verb.prose and any(option.rest for option in verb.options)
    found, more = (parser.parse_known_intermixed_args if mixed else parser.parse_known_args)(words)
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


def _beginning(verb: Verb, words: list[str]) -> int:
    """Where the text begins behind the options that it follows."""
    flags = {name for option in verb.options if option.flag for name in option.names} | {"--help", "-h"}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1 if words[at] in flags or "=" in words[at] else 2
    return at


def leading_options(verb: Verb, line: str) -> tuple[list[str], str]:
    """Cut a line into the options it begins with and the rest, which stays as it was typed.

    Raises:
        OptionError: A quote inside an option's value is not closed, or an option stands in the rest: there a limit on
            the data would be read by a model, and obeyed by nobody.
    """
    flags = {name for option in verb.options if option.flag for name in option.names} | {"--help", "-h"}
    found: list[str] = []
    rest = line.strip()
    while match := OPTION.match(rest):
        name, assigned = match["name"], match["value"]
        rest = rest[match.end() :].lstrip()
        found.append(name)
        if assigned is not None:
            found += split(assigned)
        elif name not in flags and (value := VALUE.match(rest)):
            found += split(value[0])
            rest = rest[value.end() :].lstrip()
    names = {name for option in verb.options for name in option.names if name.startswith("--")}
    late = next((word for word in rest.split() if word.partition("=")[0] in names), "")
    if late and "--raw" not in found:
        why = "Options stand before the question; there it would be a word of it."
        raise OptionError(f"{late} stands behind the question.", why, f"{verb.name} {late} … QUESTION, or --raw first")
    return found, rest


def split(line: str) -> list[str]:
    """A line as a shell would split it, but for an apostrophe within a word: ``don't`` opens no quote.

    Raises:
        OptionError: A quote is not closed.
    """
    pieces = _QUOTED.split(line)
    pieces[::2] = [_APOSTROPHE.sub(r"\'", piece) for piece in pieces[::2]]
    try:
        return shlex.split("".join(pieces))
    except ValueError as error:
        raise OptionError("The line cannot be read.", f"{error}.", "Close the quote.") from error


def checked_name(text: str | None) -> str:
    """The name of the variable that gets the answer; empty for none.

    Raises:
        OptionError: It is no name, or one that the notebook itself needs.
    """
    if text and (not text.isidentifier() or keyword.iskeyword(text)):
        raise OptionError(f"{text!r} is no name for a variable.", hint="%%aether -o answer")
    if text and own_word(text):
        raise OptionError(f"{text} is a name that Python or IPython needs itself.", hint="%%aether -o answer")
    return text or ""


def number(text: str | None) -> int:
    """The number of an event, as it was typed; 0 when nothing was.

    Raises:
        OptionError: It is none.
    """
    if text is None:
        return 0
    if found := whole(text, 1, 10**15):
        return found
    raise OptionError(f"{text!r} is no number of an event.", hint="See them: %aether trace --json")


def whole(text: str, least: int, most: int) -> int | None:
    """The whole number that was typed, when it is one and lies between two others; else None."""
    found = int(text) if text.isdecimal() and len(text) < 20 else -1  # of thousands of digits Python makes no number
    return found if least <= found <= most else None


def calm(error: OSError) -> AetherError:
    """What the system refused, such as a file that is none, as an error that is told without a traceback."""
    what = " ".join(filter(None, (str(error.filename or "")[:200], f"({error.strerror or error})")))
    return AetherError(f"The system refuses {what}.", "", "Look at the name, the folder and its rights.")


def seconds(text: str | None, program: str = "%%aether") -> float | None:
    """A number of seconds, as it was typed; None when nothing was.

    Raises:
        OptionError: It is no number of seconds.
    """
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise OptionError(f"{text!r} is no number of seconds.", hint=f"{program} --park-after 60")
    return number


def help_text(verb: Verb, face: Face) -> str:
    """All about one verb."""
    return _parser(verb, face).format_help()


def every(verbs: Iterable[Verb], values: Callable[[Option], Any]) -> argparse.ArgumentParser:
    """One parser of all verbs, as a terminal's TAB wants it.

    Args:
        verbs: The verbs.
        values: What may follow an option, which its action then has as ``completer``.
    """
    whole = _Parser(prog="aether", allow_abbrev=False)
    below = whole.add_subparsers()
    for verb in verbs:
        _fill(below.add_parser(verb.name, help=verb.help, allow_abbrev=False), verb, "terminal", values)
    return whole


def _parser(verb: Verb, face: Face) -> _Parser:
    mark = "" if verb.name.startswith("%%") else "%aether " if face == "notebook" else "aether "
    parser = _Parser(prog=f"{mark}{verb.name}", description=verb.help, allow_abbrev=False)
    parser.examples = tuple(f"{mark}{example}" for example in verb.examples)
    _fill(parser, verb, face)
    return parser


def _fill(parser: _Parser, verb: Verb, face: Face, values: Callable[[Option], Any] | None = None) -> None:
    """Give a parser the options that a verb has in one face."""
    for option in verb.options:
        if (option.terminal and face != "terminal") or (option.notebook and face != "notebook"):
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
        action: Any = parser.add_argument(*option.names, **more)
        if values is not None:
            action.completer = values(option)


def meant(run: str, last: str = "") -> str:
    """The run that was named, the last one when nothing was, or the word ``last``."""
    return last if run in ("", "last") else run
