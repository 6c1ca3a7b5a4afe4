"""``time_now``: what the clock says. What a run has been told stands in its record; a replay is told the same."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from aether_nb.errors import RepairableToolError
from aether_nb.tools.function import declare

__all__ = ["time_now"]


@declare(risk="low", effect="pure", where="loop", title=lambda _: "Look at the clock")
async def time_now(zone: str = "") -> str:
    """Tell the date, the time, the day of the week and the time zone.

    Args:
        zone: A time zone such as Europe/Vienna or UTC; that of this machine when left out.
    """
    try:
        now = datetime.now(ZoneInfo(zone)) if zone else datetime.now().astimezone()
    except (KeyError, ValueError, OSError) as error:
        raise RepairableToolError(f"{zone!r} is no time zone.", hint="Use a name such as UTC or Asia/Tokyo.") from error
    return f"{now.isoformat(timespec='seconds')} ({now:%A}, week {now.isocalendar().week}, {now.tzname()})"
