"""The verbs about what is remembered: facts, days, solutions. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, SAID

__all__ = ["DEEDS", "VERBS"]

DEEDS = ("list", "show", "edit", "export")

VERBS: tuple[Verb, ...] = (
    Verb(
        "remember",
        "Keep a fact, which every later question is given; or the last run as a solution, for the next like problem.",
        (
            Option(
                ("--solved",), "keep the last run that went well, or the one that is named, as a solution", flag=True
            ),
            Option(("text",), "the fact, in a sentence; with --solved the run's name", metavar="TEXT", rest=True),
            SAID,
        ),
        prose=True,
        examples=("remember Prices are in euros, net of tax.", "remember --solved", "remember --solved 7f3a"),
    ),
    Verb(
        "forget",
        "Let go of a fact or of a solution.",
        (Option(("name",), "its name, or words that only it has", metavar="NAME", rest=True), SAID),
        prose=True,
        examples=("forget 3fa9", "forget solution/7f3a9c21"),
    ),
    Verb(
        "memory",
        "What is remembered: facts, days, solutions. The files lie in .aether/memory, to be edited as you like.",
        (
            Option(("what",), "list when left out", choices=DEEDS, default="list"),
            Option(("name",), "a fact, a solution or a day (show, edit); a file (export)", default="", metavar="NAME"),
            Option(("words",), "the words in its place (edit)", default="", metavar="WORDS", rest=True),
            JSON,
        ),
        examples=("memory", "memory edit 3fa9 Prices are gross.", "memory show 2026-11-29", "memory export all.md"),
    ),
)
