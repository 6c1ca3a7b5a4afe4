"""What a model says is shown while it says it, an event for what came together."""

import asyncio

from aether_nb.agent.saying import Saying
from aether_nb.events import kinds as k


async def test_pieces_that_come_together_are_one_event():
    """The first is shown at once; those behind it in one event, as soon as the loop turns."""
    shown: list[k.Event] = []
    with Saying(shown.append) as saying:
        for piece in ("The ", "mean ", "is ", "5."):
            saying.say(k.TextDelta, piece)
        assert shown == [k.TextDelta("The ")]
        await asyncio.sleep(0)
        assert shown == [k.TextDelta("The "), k.TextDelta("mean is 5.")]


async def test_a_piece_after_a_while_is_shown_at_once():
    """Who streams slowly is shown piece by piece."""
    shown: list[k.Event] = []
    with Saying(shown.append) as saying:
        for piece in ("The ", "mean "):
            saying.say(k.TextDelta, piece)
            assert shown[-1] == k.TextDelta(piece)
            await asyncio.sleep(0.01)
    assert len(shown) == 2


async def test_the_order_stays():
    """Thinking, text, calls and notes come in the order in which they were said."""
    shown: list[k.Event] = []
    with Saying(shown.append) as saying:
        saying.say(k.TextDelta, "a")
        saying.say(k.ThinkingDelta, "b")
        saying.say(k.ThinkingDelta, "c")
        saying.tell(k.Progress("", 0, note="waiting"))
        saying.say(k.TextDelta, "d")
        saying.say(k.CallDelta, "e")
    assert shown == [
        k.TextDelta("a"),
        k.ThinkingDelta("bc"),
        k.Progress("", 0, note="waiting"),
        k.TextDelta("d"),
        k.CallDelta("e"),
    ]
    await asyncio.sleep(0)
    assert len(shown) == 5  # nothing comes late, and nothing twice
