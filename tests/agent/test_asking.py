"""Asking people: whose answer counts, what can be typed, and what happens when nobody is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from aether_nb.agent.asking import Answer, Asking, Desk, Nobody, Person, Terminal
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import Call
from harness.agent import here

CALL = Call(k.CallProposed(ToolCall("c1", "send", {"to": "a"}), "sha256:h", "medium", "external", ("sends",)))
QUESTION = k.QuestionAsked("q1", "Which?", ("red", "blue"))
CLICK = {"type": "gate", "call_id": "c1", "hash": "sha256:h", "decision": "approve", "lasts": "run", "reason": ""}


async def yes() -> bool:
    """Somebody looks."""
    return True


async def never() -> None:
    """Nobody leaves."""
    await asyncio.sleep(3600)


async def no() -> bool:
    """Nobody looks."""
    return False


def clicked(*commands: dict[str, Any], thread: bool = False) -> Answer:
    """The answer of a desk that gets these commands while it waits."""

    async def main() -> Answer:
        desk = Desk(yes, never)
        waiting = asyncio.create_task(desk.approve(CALL))
        await asyncio.sleep(0)
        for command in commands:
            if thread:
                other = threading.Thread(target=desk.command, args=(command,))
                other.start()
                other.join()
            else:
                desk.command(command)
            await asyncio.sleep(0.01)
        return await asyncio.wait_for(waiting, 5)

    return asyncio.run(main())


def test_a_click_answers_the_gate_from_any_thread() -> None:
    """An approval of the open call counts, with how long it lasts."""
    assert clicked(CLICK, thread=True) == Answer("approve", "panel", lasts="run")


def test_clicks_on_other_calls_or_other_hashes_count_for_nothing() -> None:
    """Only a command that names the open call and its exact hash is an answer."""
    stray = [CLICK | {"call_id": "c2"}, CLICK | {"hash": "sha256:x"}, {"type": "question", "id": "c1", "answer": "y"}]
    assert clicked(*stray, CLICK | {"decision": "deny", "reason": "no"}) == Answer("deny", "panel", reason="no")


def test_what_is_no_clear_yes_is_a_no() -> None:
    """A decision that is not the word approve is a denial; an unknown duration is once."""
    assert clicked(CLICK | {"decision": "approved"}).decision == "deny"
    assert clicked(CLICK | {"lasts": "for ever"}).lasts == "once"


def test_an_edit_comes_with_its_arguments() -> None:
    """An edited approval carries the person's own arguments."""
    assert clicked(CLICK | {"arguments": {"to": "b"}}).arguments == {"to": "b"}


def test_a_click_before_anything_is_asked_is_lost_and_breaks_nothing() -> None:
    """A command that comes too early is no answer to a later question."""
    Desk(yes, never).command(CLICK)


def typed(person_lines: Sequence[str], question: bool = False) -> Any:
    """What a terminal makes of these lines."""
    lines = list(person_lines)

    def read(prompt: str) -> str:
        if not lines:
            raise EOFError
        return lines.pop(0)

    terminal = Terminal(here, read, lambda proposed: "send to a", True)
    return asyncio.run(terminal.answer(QUESTION) if question else terminal.approve(CALL))


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["y"], Answer("approve", "terminal")),
        (["YES"], Answer("approve", "terminal")),
        (["r"], Answer("approve", "terminal", lasts="run")),
        (["notebook"], Answer("approve", "terminal", lasts="notebook")),
        (["n", "too early"], Answer("deny", "terminal", reason="too early")),
        (["e", '{"to": "b"}'], Answer("approve", "terminal", arguments={"to": "b"})),
        (["e", "not json", "y"], Answer("approve", "terminal")),
        (["policy:deny", "ye", "okay"], Answer("deny", "terminal", reason="no answer could be read")),
        ([], Answer("deny", "policy:closed", reason="the input was closed")),
    ],
)
def test_what_may_be_typed_at_a_gate(lines: list[str], answer: Answer) -> None:
    """Exact words only; everything else, or nothing at all, is a no."""
    assert typed(lines) == answer


@pytest.mark.parametrize(
    ("lines", "answer"), [(["2"], "blue"), (["red"], "red"), (["9"], "9"), (["green"], "green"), ([], None)]
)
def test_what_may_be_typed_at_a_question(lines: list[str], answer: str | None) -> None:
    """A number picks its option, words are taken as they are, nothing is no answer."""
    assert typed(lines, question=True) == (answer, "terminal")


def test_the_first_person_who_is_there_is_asked() -> None:
    """The panel comes first, then the terminal, then the policy; with nobody at all the answer is no."""

    def asked(*people: Person) -> str:
        return asyncio.run(Asking(people).approve(CALL)).by

    keys = Terminal(here, lambda prompt: "y", str, True)
    assert asked(Desk(no, never), keys, Nobody("auto")) == "terminal"
    assert asked(Desk(no, never), Terminal(here, input, str, False), Nobody("auto")) == "policy:auto"
    assert asked() == "policy:deny"


def test_a_policy_has_no_answers_to_questions() -> None:
    """What only a person can know stays unanswered."""
    assert asyncio.run(Nobody("auto").answer(QUESTION)) == (None, "policy:auto")


def test_when_everybody_has_left_the_panel_the_answer_is_no() -> None:
    """A gate whose panel was taken away ends as a no, and a question without an answer; neither waits for ever."""

    async def gone() -> None:
        await asyncio.sleep(0.01)

    async def main() -> tuple[Answer, tuple[str | None, str]]:
        desk = Desk(yes, gone)
        return await desk.approve(CALL), await desk.answer(QUESTION)

    answer, said = asyncio.run(main())
    assert (answer.decision, answer.by, said) == ("deny", "policy:closed", (None, "policy:closed"))
