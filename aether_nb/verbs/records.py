"""The verbs that look at what is recorded, and give it away. Plain data."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import CALL, FAILED, JSON, LAST, RUN, SAID, STORE

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "show",
        "A run as it was seen: plan, cards, approvals, answer.",
        (replace(RUN, help=LAST), CALL, SAID, STORE),
        examples=("show", "show 7f3a", "show last --call 2"),
    ),
    Verb(
        "trace",
        "What a run did, in order: plan, model, calls, who approved what, times and cost.",
        (RUN, JSON, STORE),
        examples=("trace", "trace 7f3a --json"),
    ),
    Verb(
        "egress",
        "What left this machine: per request to which host, which rows, columns and pictures; and in total.",
        (
            Option(("run",), "the run's name or its beginning; all of them when left out", default="", metavar="RUN"),
            SAID,
            STORE,
        ),
        examples=("egress", "egress 7f3a"),
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
        examples=("verify", "verify --notebook report.ipynb"),
    ),
    Verb(
        "why",
        "What failed last, why, with its traceback, and what to type.",
        (replace(RUN, help=FAILED), SAID, STORE),
        examples=("why", "why 7f3a"),
    ),
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
        examples=("audit --since 2026-01-01", "audit 7f3a --out report.md"),
    ),
    Verb(
        "pack",
        "A zip with a notebook and its own runs, to be given away; keys in them are masked.",
        (
            Option(("notebook",), "the notebook's file", default="", metavar="NOTEBOOK"),
            Option(("--out",), "the zip; beside the notebook when left out", default="", metavar="FILE"),
            Option(("--readable",), "of an encrypted record: write a copy that anybody can read", flag=True),
            SAID,
            STORE,
        ),
        ("terminal",),
        examples=("pack report.ipynb", "pack report.ipynb --out report.zip"),
    ),
    Verb(
        "dashboard",
        "What the runs did and cost by day and model, who can be asked and how they fare, and which yeses last.",
        (Option(("--days",), "how many days; 14 when left out", default="14", metavar="DAYS"), JSON, STORE),
        examples=("dashboard", "dashboard --days 90", "dashboard --json"),
    ),
)
