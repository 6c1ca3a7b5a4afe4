"""Options that several verbs have. Plain data."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.typed import Option

__all__ = [
    "APPROVE",
    "AS_AGENT",
    "CALL",
    "FAILED",
    "JSON",
    "LAST",
    "LOAD",
    "PARK_AFTER",
    "ROLES",
    "RUN",
    "SAID",
    "SENT",
    "STORE",
    "TEXT",
    "WAITING",
]

ROLES = ("chat", "utility", "vision", "embedding", "transcribe", "speak")
"""What a model is for."""

AS_AGENT = Option(
    ("--as-agent",),
    "who works on it: a profile (data, development, infrastructure, security …), an agent of yours under @host, or "
    "auto: the model for small tasks says which fits",
    metavar="PROFILE",
)
APPROVE = Option(
    ("--approve",),
    "for this run, when nobody is there to answer: what gets a yes at a gate; no to all else",
    choices=("low", "auto"),
)
JSON = Option(("--json",), "print JSON for another program", flag=True)
SAID = replace(JSON, terminal=True)
"""The same for verbs whose answer is a sentence, and which a notebook shows as it is."""
LAST = "the run's name or its beginning; the last one when left out, or by the word last"
LOAD = Option(("--load",), "files whose variables are there: data, scripts, notebooks; between commas", metavar="FILES")
CALL = Option(("--call",), "one call of it, by its number or id, with nothing cut", default="", metavar="CALL")
FAILED = "the run's name or its beginning; the last one in which something failed when left out"
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
