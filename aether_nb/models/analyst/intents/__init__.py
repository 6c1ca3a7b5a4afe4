"""What the analyst can do: one class for each kind of question, in the order in which they are tried.

An intent recognises its questions (and marks the words it understood), names itself in the plan, and answers as a
script. To add one, write it and put it into the list; the more special ones come first.
"""

from __future__ import annotations

from typing import Protocol

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.intents.aggregate import Aggregate
from aether_nb.models.analyst.intents.association import Association
from aether_nb.models.analyst.intents.comparison import Comparison
from aether_nb.models.analyst.intents.correlation import Correlation
from aether_nb.models.analyst.intents.counting import Count, Listing, Values
from aether_nb.models.analyst.intents.distribution import Distribution, Outliers
from aether_nb.models.analyst.intents.extremes import Extremes
from aether_nb.models.analyst.intents.lookup import Lookup
from aether_nb.models.analyst.intents.missing import Missing
from aether_nb.models.analyst.intents.overview import Columns, Duplicates, Head, Profile, Shape
from aether_nb.models.analyst.intents.plots import Picture
from aether_nb.models.analyst.intents.rank import Rank
from aether_nb.models.analyst.intents.shares import Ratio, Share
from aether_nb.models.analyst.intents.trend import Period, Trend
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.script import Script

__all__ = ["INTENTS", "Intent"]


class Intent(Protocol):
    """One kind of question."""

    name: str

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Whether the clause asks for this; what was understood is marked, and the question filled in."""

    def title(self, question: Question) -> str:
        """What the plan says."""

    def answer(self, question: Question, desk: Desk) -> Script:
        """Work it out."""


INTENTS: tuple[Intent, ...] = (
    Missing(),
    Duplicates(),
    Association(),
    Correlation(),
    Outliers(),
    Comparison(),
    Trend(),
    Share(),
    Ratio(),
    Period(),
    Picture(),
    Distribution(),
    Rank(),
    Extremes(),
    Head(),
    Shape(),
    Values(),
    Count(),
    Aggregate(),
    Listing(),
    Profile(),
    Lookup(),
    Columns(),
)
"""Every intent; the first one that recognises a clause answers it."""
