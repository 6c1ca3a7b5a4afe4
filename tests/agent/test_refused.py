"""What becomes of an answer that the model, or a filter of its provider, breaks off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from aether_nb import ScriptedModel
from aether_nb.events import kinds as k
from aether_nb.models.base import Delta, FinishReason, Request
from aether_nb.models.scripted import Say
from harness.agent import call, stage

NOTE = "It may do harm."
LOOK = call("look", "c1", what="x")


def ended(line: Any, finish: FinishReason, *notes: str) -> tuple[k.RunEnded | None, list[str]]:
    """How a run ends whose model answers so, and the kinds of its events."""

    class Ends(ScriptedModel):
        async def stream(self, request: Request) -> AsyncIterator[Delta]:
            async for delta in super().stream(request):
                reply = delta.reply and replace(delta.reply, finish=finish, notes=notes)
                yield delta._replace(reply=reply)

    run = stage([])
    run.driver.choose = lambda _: Ends([line])
    return run.drive().ended, run.kinds


@pytest.mark.parametrize(
    ("line", "notes", "why"),
    [
        ("I won't.", (), "I won't."),
        (LOOK, (NOTE,), NOTE),
        (Say("First,", LOOK), (NOTE,), f"{NOTE} First,"),
        ("", (), "It ended with 'refusal' and no words."),
    ],
)
def test_of_a_refused_answer_nothing_is_done_and_it_says_why(line: Any, notes: tuple[str, ...], why: str) -> None:
    """Also where it holds a whole call: what was said before is not meant. The provider's explanation is kept."""
    end, kinds = ended(line, "refusal", *notes)
    assert end == k.RunEnded("failed", "The model aether:scripted refused to answer.", why, "Ask in other words.")
    assert "call.proposed" not in kinds


def test_a_filter_refuses_too_and_the_limit_does_not() -> None:
    """What a filter breaks off is no answer; what is at its longest is one, as far as it goes."""
    end, _ = ended("Well", "content_filter")
    assert end is not None and (end.outcome, end.why) == ("failed", "Well")
    end, _ = ended("Well", "length")
    assert end is not None and end.outcome == "done"
