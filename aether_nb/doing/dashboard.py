"""``dashboard``, for both faces: what the runs of a record did and cost, who can be asked, and which yeses last.

One look at the store, and no request to anybody. The face hands in what it knows of settings and yeses.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aether_nb.config import Settings
from aether_nb.doing.model_reports import provider_rows
from aether_nb.errors import OptionError
from aether_nb.events.board import GRANTED, KINDS, board, granted
from aether_nb.events.kinds import Grant
from aether_nb.events.masking import known_keys
from aether_nb.models.catalogue import providers
from aether_nb.store.log import JOURNAL
from aether_nb.store.store import Store
from aether_nb.typed import whole
from aether_nb.widgets.board import Sheet, board_html, board_text
from aether_nb.widgets.veil import veiled_text

__all__ = ["as_json", "picture", "sheet"]

LONGEST = 366


def sheet(store: Store, options: argparse.Namespace, settings: Settings, grants: Iterable[Grant] | None) -> Sheet:
    """The page, as plain values.

    Args:
        store: The record.
        options: What was typed.
        settings: Which providers there are.
        grants: The yeses that last where somebody knows; None: all that the record has.

    Raises:
        OptionError: The number of days is none.
    """
    days = whole(options.days, 1, LONGEST)
    if days is None:
        raise OptionError(
            f"{options.days!r} is no number of days.", f"It goes from 1 to {LONGEST}.", "dashboard --days 14"
        )
    now = datetime.now()
    first = datetime.combine(now.date() - timedelta(days=days - 1), datetime.min.time())
    found = board(store.across.of_kinds(KINDS, first.timestamp()), now.date(), days)
    given = {grant.id: (grant, time) for grant, time in granted(_journal(store))}
    last = given if grants is None else {grant.id: given.get(grant.id, (grant, 0.0)) for grant in grants}
    known = provider_rows(providers.load([settings.providers]), os.environ, ())
    return Sheet(found, store.place, known, tuple(last.values()))


def _journal(store: Store) -> Iterable[Any]:
    return (entry for entry in store.across.of_kinds(GRANTED) if entry.run == JOURNAL)


def picture(found: Sheet) -> dict[str, str]:
    """The page as a MIME bundle, without keys."""
    keys = known_keys(os.environ)
    return {
        "text/html": veiled_text(board_html(found), keys),
        "text/plain": veiled_text(board_text(found), keys),
    }


def as_json(found: Sheet) -> str:
    """The page as JSON: times in epoch seconds, money in US dollars."""
    value = found.board
    said: Mapping[str, Any] = {
        "place": found.place,
        "outcomes": value.outcomes(),
        "cost": value.cost,
        "tokens": value.tokens,
        "unpriced": value.unpriced,
        "days": {day.isoformat(): spent for day, spent in value.days.items()},
        "models": [
            {name: one for name, one in asdict(line).items() if name != "took"} | {"seconds": line.seconds}
            for line in value.models.values()
        ],
        "runs": [asdict(line) for line in value.runs],
        "providers": list(found.providers),
        "grants": [asdict(grant) | {"given": given} for grant, given in found.grants],
    }
    return veiled_text(json.dumps(said, indent=2), known_keys(os.environ))
