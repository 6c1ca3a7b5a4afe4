"""Variables that look like settings and are none: a slip of the finger, and nobody reads what was meant to be careful.

It says nothing by itself, and reads the rows of providers only when there is something to look for in them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from aether_nb import plugins
from aether_nb.config import known as known_settings
from aether_nb.session import unlocking

if TYPE_CHECKING:
    from aether_nb.models.catalogue.providers import Providers

__all__ = ["slips"]

OTHERS = {"AETHER_CONFIG", unlocking.VARIABLE, unlocking.NEXT, plugins.OFF}
"""Variables that are read and are no settings."""


def slips(known: Callable[[], Providers]) -> Iterator[tuple[str, str]]:
    """The names of such variables, each with what to type.

    Args:
        known: The providers, whose keys and addresses may be variables of ours, too.
    """
    meant = {setting.variable for setting in known_settings().values()} | OTHERS
    odd = {name for name in os.environ if name.startswith("AETHER_") and not name.startswith("AETHER_TEST_")} - meant
    if not odd:
        return
    providers = known()
    rows = [providers.row(name) for name in providers.names()]
    meant |= {variable for row in rows for variable in (row.base_url_variable, *row.key_variables)}
    for name in sorted(odd - meant):
        near = get_close_matches(name, meant, 1)
        yield name, f"Did you mean {near[0]}?" if near else "%aether settings lists them all."
