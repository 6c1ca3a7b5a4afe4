"""The verbs about the installation. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "doctor",
        "Look whether everything is in place, and say what to do; with a model, try it out (three tiny requests).",
        (Option(("model",), "a model to try out, as provider:model", default="", metavar="MODEL"), JSON),
        examples=("doctor", "doctor openai:gpt-5-mini"),
    ),
    Verb("version", "The version.", examples=("version",)),
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
        examples=("demo", "demo --allow-writes --out seen"),
    ),
)
