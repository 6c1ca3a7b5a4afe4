"""The verbs about runs: going on with them, saying something to them, taking back what they did. Plain data."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, LOAD, PARK_AFTER, RUN, SAID, SENT, STORE, TEXT, WAITING

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "resume",
        "Go on with a run that was left: its kernel died, or it is parked.",
        (
            RUN,
            Option(("--take",), "take it over from a kernel that is alive", flag=True),
            Option(("--anyway",), "go on, whoever wrote it and whatever has changed since", flag=True),
            PARK_AFTER,
            replace(LOAD, terminal=True),
            Option(
                ("--approve",),
                "when nobody can type: what gets a yes at a gate; every other one stays open",
                choices=("low", "auto"),
                terminal=True,
            ),
            SAID,
            STORE,
        ),
        examples=("resume", "resume 7f3a", "resume 7f3a --take"),
    ),
    Verb(
        "replay",
        "Show a run again from its record; or check its effects (confirm); in a notebook also perform its code again "
        "(live).",
        (
            RUN,
            Option(("--mode",), "pure when left out", choices=("pure", "confirm", "live"), notebook=True),
            Option(("--mode",), "pure when left out", choices=("pure", "confirm"), terminal=True),
            Option(("-o", "--out"), "bind the answer to a variable of this name", metavar="NAME", notebook=True),
            JSON,
            replace(STORE, terminal=True),
        ),
        examples=("replay 7f3a", "replay 7f3a --mode confirm"),
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
        examples=("fork 7f3a now by year", "fork 7f3a --at 12"),
    ),
    Verb(
        "approve",
        "Say yes to the call that a run waits for; it is shown first.",
        (
            WAITING,
            Option(
                ("--lasts",),
                "for how long this yes is good: once, 15 minutes, this run, or until taken back in its notebook",
                choices=("once", "minutes", "run", "notebook"),
                default="once",
            ),
            Option(
                ("--covers",),
                "what a yes that lasts is for: the exact call, what its tool does in the same folder, or to the same "
                "variables only",
                choices=("call", "folder", "variables"),
                default="call",
            ),
            Option(("--yes",), "do not ask again", flag=True, terminal=True),
            *SENT,
        ),
        examples=("approve", "approve 7f3a --lasts run", "approve --lasts notebook --covers variables"),
    ),
    Verb(
        "deny",
        "Say no to the call that a run waits for.",
        (WAITING, Option(("--reason",), "why not; the model reads it", default="", metavar="TEXT"), *SENT),
        examples=("deny", "deny 7f3a --reason 'not this file'"),
    ),
    Verb(
        "answer",
        "Answer what a run asks, in words or by the number of an option.",
        (TEXT, *SENT),
        prose=True,
        examples=("answer the second one", "answer 7f3a 2"),
    ),
    Verb(
        "settle",
        "Say what became of a call that was interrupted: it ran, run it again, or skip it.",
        (WAITING, Option(("how",), "ran, rerun or skip", default="", metavar="ran|rerun|skip"), *SENT),
        examples=("settle ran", "settle 7f3a skip"),
    ),
    Verb(
        "tell",
        "Say something to the model while a run goes on; it reads it before its next step.",
        (TEXT, *SENT),
        prose=True,
        examples=("tell Use euros.", "tell 7f3a Leave out 2019."),
    ),
    Verb("pause", "Let a run pause before its next step.", (WAITING, *SENT), examples=("pause", "pause 7f3a")),
    Verb("go", "Let a paused run go on.", (WAITING, *SENT), examples=("go", "go 7f3a")),
    Verb(
        "stop",
        "Stop a run, whichever kernel it is in; one that nobody holds is ended. In a notebook also by its number.",
        (WAITING, *SENT),
        examples=("stop", "stop 7f3a", "stop 2"),
    ),
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
        examples=("undo", "undo 2", "undo --to 2 --preview"),
    ),
    Verb(
        "runs",
        "The runs that are recorded here, and those in the background; with --prune, drop ended ones for good (on a "
        "server, your own).",
        (
            Option(("--prune",), "drop ended runs; say which", flag=True),
            Option(("--older",), "with --prune: that ended so many days ago", default="", metavar="DAYS"),
            Option(("--larger",), "with --prune: the oldest, until the rest is smaller", default="", metavar="SIZE"),
            Option(("--keep",), "with --prune: all but so many of the newest", default="", metavar="N"),
            JSON,
            STORE,
        ),
        examples=("runs", "runs --prune --older 90"),
    ),
)
