"""The errand as somebody else's agents do it: an async function and a plain one, each with a loop of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


async def guest(house: Any) -> str:
    """Does what the model says, call by call."""
    messages = [*house.opening]
    while (reply := await house.model(messages, tools=True)).calls:
        messages.append(reply.message)
        messages += [(await house.call(one)).message for one in reply.calls]
    return str(reply.text)


def plain(house: Any) -> str:
    """The same, on a thread of its own."""
    messages = [*house.opening]
    while (reply := house.model(messages, tools=True)).calls:
        messages.append(reply.message)
        messages += [house.call(one).message for one in reply.calls]
    return str(reply.text)


AGENTS: dict[str, Callable[..., Any]] = {"guest": guest, "plain": plain}
