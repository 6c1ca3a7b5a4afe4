"""The one table of verbs and options, from which the magics and the command line are both built.

Plain data. How a line is read stands in ``typed``, whose names are passed on here; what a verb does stands in
``magics`` and ``cli``. This module knows neither.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from aether_nb.errors import UnknownVerb
from aether_nb.typed import Face, Help, Option, Verb, help_text, leading_options, parse, split

__all__ = [
    "CELL",
    "PAGES",
    "SAYING",
    "VERBS",
    "WORKING",
    "Face",
    "Help",
    "Option",
    "Verb",
    "find",
    "help_text",
    "in_terminal",
    "leading_options",
    "overview",
    "parse",
    "words",
]

ROLES = ("chat", "utility", "vision", "embedding", "transcribe", "speak")
"""What a model is for."""

JSON = Option(("--json",), "print JSON for another program", flag=True)
FAILED = "the run's name or its beginning; the last one in which something failed when left out"
LAST = "the run's name or its beginning; the last one when left out, or by the word last"
CALL = Option(("--call",), "one call of it, by its number or id, with nothing cut", default="", metavar="CALL")
RUN = Option(("run",), "the run's name or its beginning; the last one when left out", default="", metavar="RUN")
WAITING = Option(
    ("run",), "the run's name or its beginning; the one that waits when left out", default="", metavar="RUN"
)
STORE = Option(("--store",), "the folder of the record; .aether here when left out", default="", metavar="FOLDER")
SENT = (JSON, STORE)
TEXT = Option(
    ("text",), "the run's name or its beginning, if there are several; then the words", metavar="[RUN] TEXT", rest=True
)
PARK_AFTER = Option(("--park-after",), "seconds of waiting for you after which the run is parked", metavar="SECONDS")

CELL = Verb(
    "%%aether",
    "Ask about your live variables. The question is the text of the cell; it may begin behind the options. It may "
    "mention what there is: {df.shape} or {total:.2f} (a value), {In[3]} {Out[3]} {Err[3]} (a cell), @df (a variable "
    "that matters), &`clean` (my function as a tool of this run); {{ is only a brace.",
    (
        Option(
            ("-o", "--out"),
            "bind the answer to a variable of this name: its text, or with --as a value",
            metavar="NAME",
        ),
        Option(
            ("--as",),
            "the type of that value: float, list[str], MyModel, DataFrame; computed, not typed",
            metavar="TYPE",
        ),
        Option(("--raw",), "take the question as it stands: nothing in it is a mention", flag=True),
        Option(("--model",), "the model for this question, as provider:model", metavar="MODEL"),
        Option(("--mode",), "how much may run without a question", choices=("plan", "ask", "auto")),
        Option(("--plan",), "end with the plan; run nothing that changes anything", flag=True),
        Option(("--new",), "forget the earlier questions of this notebook", flag=True),
        Option(("--data",), "what of the data may leave this machine", choices=("schema", "stats", "sample", "all")),
        PARK_AFTER,
    ),
)
"""The cell magic."""

SAYING = ("approve", "deny", "answer", "settle", "tell", "pause", "go", "stop")
"""Verbs that say something to a run, wherever it is worked on."""

WORKING = ("resume", "replay", "fork")
"""Verbs that work on a run, as a question does: alone in a cell they are awaited, so that clicks are heard."""

VERBS: tuple[Verb, ...] = (
    Verb("status", "Where things stand: model, mode, folder, record.", (), ("notebook",)),
    Verb(
        "help",
        "What can be typed.",
        (
            Option(
                ("verb",),
                "one verb; settings, for all that can be set; guarantees, for what holds when things fail; or guard",
                default="",
                metavar="VERB",
            ),
        ),
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
        "The yeses that last for this notebook, and taking one back.",
        (Option(("--revoke",), "take back the grant of this name", default="", metavar="GRANT"),),
        ("notebook",),
    ),
    Verb(
        "resume",
        "Go on with a run that was left: its kernel died, or it is parked.",
        (
            RUN,
            Option(("--take",), "take it over from a kernel that is alive", flag=True),
            Option(("--anyway",), "go on, whoever wrote it and whatever has changed since", flag=True),
            PARK_AFTER,
            Option(
                ("--approve",),
                "when nobody can type: what gets a yes at a gate; every other one stays open",
                choices=("low", "auto"),
                terminal=True,
            ),
            STORE,
        ),
    ),
    Verb(
        "replay",
        "Show a run again from its record; or check its effects (confirm); or perform its code again (live).",
        (
            RUN,
            Option(("--mode",), "pure when left out", choices=("pure", "confirm", "live"), notebook=True),
            Option(("--mode",), "pure when left out", choices=("pure", "confirm"), terminal=True),
            Option(("-o", "--out"), "bind the answer to a variable of this name", metavar="NAME", notebook=True),
            JSON,
            replace(STORE, terminal=True),
        ),
    ),
    Verb(
        "fork",
        "Go another way from an event of a run on, in a new run; the words that follow are said to it.",
        (
            RUN,
            Option(("text",), "what it shall do instead", rest=True, metavar="TEXT"),
            Option(("--at",), "the last event that is copied; the last one when left out", metavar="EVENT"),
            Option(("--anyway",), "go on, whoever wrote it and whatever has changed since", flag=True),
        ),
        ("notebook",),
    ),
    Verb(
        "approve",
        "Say yes to the call that a run waits for; it is shown first.",
        (
            WAITING,
            Option(("--lasts",), "for how long this yes is good", choices=("once", "run"), default="once"),
            Option(("--yes",), "do not ask again", flag=True, terminal=True),
            *SENT,
        ),
    ),
    Verb(
        "deny",
        "Say no to the call that a run waits for.",
        (WAITING, Option(("--reason",), "why not; the model reads it", default="", metavar="TEXT"), *SENT),
    ),
    Verb("answer", "Answer what a run asks, in words or by the number of an option.", (TEXT, *SENT), prose=True),
    Verb(
        "settle",
        "Say what became of a call that was interrupted: it ran, run it again, or skip it.",
        (WAITING, Option(("how",), "ran, rerun or skip", default="", metavar="ran|rerun|skip"), *SENT),
    ),
    Verb(
        "tell",
        "Say something to the model while a run goes on; it reads it before its next step.",
        (TEXT, *SENT),
        prose=True,
    ),
    Verb("pause", "Let a run pause before its next step.", (WAITING, *SENT)),
    Verb("go", "Let a paused run go on.", (WAITING, *SENT)),
    Verb("stop", "Stop a run, whichever kernel it is in; one that nobody holds is ended.", (WAITING, *SENT)),
    Verb(
        "undo",
        "Take back what calls did to variables and files, after showing what that changes; an undo can be undone.",
        (
            Option(
                ("call",),
                "a call's number or id, an undo, or a run; all of the last run when left out",
                default="",
                metavar="CALL|RUN",
            ),
            Option(("--to",), "take back all that came after this call", default="", metavar="CALL"),
            Option(("--run",), "the run whose call it is; the last one when left out", default="", metavar="RUN"),
            Option(("--preview",), "only show what would be done", flag=True),
            Option(("--yes",), "do it without asking", flag=True),
        ),
        ("notebook",),
    ),
    Verb(
        "runs",
        "The runs that are recorded here; with --prune, drop ended ones for good (on a server, your own).",
        (
            Option(("--prune",), "drop ended runs; say which", flag=True),
            Option(("--older",), "with --prune: that ended so many days ago", default="", metavar="DAYS"),
            Option(("--larger",), "with --prune: the oldest, until the rest is smaller", default="", metavar="SIZE"),
            Option(("--keep",), "with --prune: all but so many of the newest", default="", metavar="N"),
            JSON,
            STORE,
        ),
    ),
    Verb("show", "A run as it was seen: plan, cards, approvals, answer.", (replace(RUN, help=LAST), CALL, STORE)),
    Verb(
        "trace", "What a run did, in order: plan, model, calls, who approved what, times and cost.", (RUN, JSON, STORE)
    ),
    Verb(
        "egress",
        "What left this machine: per request to which host, which rows, columns and pictures; and in total.",
        (
            Option(("run",), "the run's name or its beginning; all of them when left out", default="", metavar="RUN"),
            STORE,
        ),
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
        "insert",
        "Put the code of a run into a cell below: what failed is left out, items are set apart by comments.",
        (RUN,),
        ("notebook",),
    ),
    Verb(
        "export",
        "Write the code of a run to a notebook or a script, one cell for each item of its plan.",
        (
            RUN,
            Option(("out",), "the file, .ipynb or .py; one that exists is left alone", default="", metavar="FILE"),
            replace(STORE, terminal=True),
        ),
    ),
    Verb(
        "verify-code",
        "Run the code of a run top to bottom in a fresh kernel: it reproduces, or where it first differs.",
        (
            RUN,
            Option(("--outside",), "run code that acts outside of the notebook, too", flag=True),
            Option(("--anyway",), "run it, whoever recorded it", flag=True),
            JSON,
            replace(STORE, terminal=True),
        ),
    ),
    Verb("why", "What failed last, why, with its traceback, and what to type.", (replace(RUN, help=FAILED), STORE)),
    Verb(
        "audit",
        "A report of a run, or of those of some days: is the record true, who said yes to what, what left.",
        (
            Option(("run",), "the run's name or its beginning; all of them when left out", default="", metavar="RUN"),
            Option(("--since",), "the first day, as 2026-01-31", default="", metavar="DATE"),
            Option(("--until",), "the last day", default="", metavar="DATE"),
            Option(("--out",), "a file, .md or .json, instead of here", default="", metavar="FILE"),
            JSON,
            STORE,
        ),
    ),
    Verb(
        "pack",
        "A zip with a notebook and its own runs, to be given away; keys in them are masked.",
        (
            Option(("notebook",), "the notebook's file", default="", metavar="NOTEBOOK"),
            Option(("--out",), "the zip; beside the notebook when left out", default="", metavar="FILE"),
            STORE,
        ),
        ("terminal",),
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


def words(line: str) -> list[str]:
    """What was typed after ``%aether`` as words: as a shell would split it, a text as it stands.

    Raises:
        OptionError: A quote is not closed.
    """
    plain = line.split()
    prose = any(verb.prose and verb.name == plain[0] for verb in VERBS) if plain else False
    return plain if prose else split(line)


def overview(face: Face) -> str:
    """All verbs, a line each."""
    program = "%aether" if face == "notebook" else "aether"
    rows = [(f"{program} {verb.name}", verb.help) for verb in VERBS if face in verb.faces]
    if face == "notebook":
        rows = [("%%aether", CELL.help), ("%aether QUESTION", "The same, on one line."), *rows]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def settings_text() -> str:
    """Everything that can be set: name, variable, what holds by itself, what is allowed, and what it means."""
    from aether_nb.config import FILE, own_file, table

    files = f"a line of {FILE} beside the notebook, or a line of {own_file()}"
    lines = [f"Set by a variable, {files}; the first of them counts."]
    for name, variable, default, allowed, meaning in table():
        usual = f" When nothing is said: {default}." if default not in ("", "{}") else ""
        lines += ["", f"{name}  {variable}".rstrip(), f"    {meaning}", f"    Allowed: {allowed}.{usual}"]
    return "\n".join(lines)


def guarantees_text() -> str:
    """The contract of a step, what is guaranteed, and what becomes of failures."""
    from aether_nb import testing

    return testing.__doc__ or ""


def guard_text() -> str:
    """What is watched while code runs, and what is not."""
    from aether_nb.live.guard import page

    return page.__doc__ or ""


PAGES = {"settings": settings_text, "guarantees": guarantees_text, "guard": guard_text}
"""What ``help`` knows beside the verbs."""


def in_terminal(text: str) -> str:
    """A text that names commands as they are typed in a notebook, with those that the terminal has as typed there."""
    names = "|".join(verb.name for verb in VERBS if "terminal" in verb.faces)
    return re.sub(rf"%aether (?=({names})\b)", "aether ", re.sub(r" \(in a terminal: aether [^)]*\)", "", text))
