"""What left this machine with a run, in words: rows, columns and pictures, and to which host. It draws nothing."""

from __future__ import annotations

from aether_nb.events.account import Account, Went
from aether_nb.widgets.blocks import View
from aether_nb.widgets.wording import count

__all__ = ["amounts", "left", "left_lines", "misled"]


def misled(view: View) -> str:
    """The badge of a run in whose data stood orders to the model; empty for any other."""
    return "orders found in data" if view.account.found else ""


def left(account: Account) -> str:
    """What went where, in a few words: ``12 rows, 3 columns → api.acme.com``; empty before anybody was asked."""
    if not account.away:
        return "nothing left this machine" if account.went else ""
    return "; ".join(f"{amounts(went)} → {host}" for host, went in account.away.items())


def amounts(went: Went) -> str:
    """How many rows, columns and pictures: ``no rows, 3 columns``."""
    rows = count(went.rows, "row") if went.rows else "no rows"
    columns = count(len(went.columns) + went.more, "column")
    return ", ".join([rows, columns, *([count(went.images, "picture")] if went.images else [])])


def left_lines(account: Account) -> list[str]:
    """What went where in sentences, a host a line: rows, the names of columns, and what was kept back."""
    lines = []
    for host, went in account.went.items():
        kept = [count(went.withheld, "piece") + " withheld"] * bool(went.withheld)
        kept += [count(went.masked, "key") + " masked"] * bool(went.masked)
        more = f" and {went.more} more" if went.more else ""
        names = f" ({', '.join(went.columns)}{more})" if went.columns else ""
        place = host or "this machine (it did not leave)"
        facts = ", ".join([f"{amounts(went)}{names}", *kept])
        lines.append(f"{place}: {count(went.requests, 'request')}, {facts}")
    return lines
