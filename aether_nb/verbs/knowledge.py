"""The verbs about what is known beside the notebook. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON

__all__ = ["DEEDS", "VERBS"]

DEEDS = ("list", "add", "search", "show", "remove", "refresh", "doctor", "watch", "fetch", "bench")

VERBS: tuple[Verb, ...] = (
    Verb(
        "know",
        "What is known beside the notebook: what is in there, add to it, search it, show, remove, refresh, repair.",
        (
            Option(("what",), "list when left out", choices=DEEDS, default="list"),
            Option(
                ("words",),
                "files, folders, addresses, variables (add, in a notebook); words (search); names (show, remove); "
                "a file of questions, embedders (bench)",
                default="",
                metavar="NAME|WORDS",
                rest=True,
            ),
            Option(("--tag",), "a word to mark it with (add), or to look among (search)", default="", metavar="TAG"),
            Option(("--kind",), "search only this kind: markdown, python, pdf, …", default="", metavar="KIND"),
            Option(("--source",), "search only what came in by this name", default="", metavar="NAME"),
            Option(("--since",), "search only what came in since this day", default="", metavar="DATE"),
            Option(("--limit",), "how many are shown", default="10", metavar="N"),
            Option(
                ("--template",),
                "how a row of a frame reads, with its columns in braces",
                default="",
                metavar="TEXT",
                notebook=True,
            ),
            Option(
                ("--look",), "add, refresh: pictures of scanned pages go to the model for the role vision", flag=True
            ),
            Option(("--repair",), "doctor: mend what can be mended", flag=True),
            JSON,
        ),
        examples=(
            "know",
            "know add docs paper.pdf",
            "know search how are refunds booked",
            "know doctor --repair",
            "know bench",
        ),
    ),
)
