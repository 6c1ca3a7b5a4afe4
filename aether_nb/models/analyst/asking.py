"""Asking a person which of several things is meant. What nobody answers is not guessed."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from aether_nb.models.analyst.phrasing import listed, plain
from aether_nb.models.analyst.script import Action, NotDone, Outcome, Plan

__all__ = ["ask"]


def ask(
    question: str, options: Sequence[str], otherwise: str = "Ask again with the name."
) -> Generator[Action | Plan, Outcome, str]:
    """Ask the person; the answer is one of the options.

    Args:
        question: What is asked.
        options: What may be answered.
        otherwise: What to do when nobody answers.

    Raises:
        NotDone: Nobody answered, or with something else.
    """
    thought = "The question can be read in more than one way, so I ask."
    outcome = yield Action("ask_user", {"question": question, "options": list(options)}, thought)
    said = outcome.text.strip()
    match = next((option for option in options if option.casefold() == said.casefold()), None)
    if match is None:
        told = listed([f"`{option}`" for option in options], "or")
        nobody = outcome.status != "done" or said == "nobody is there to answer"
        why = "Nobody was there to answer" if nobody else f"'{plain(said)}' is none of them"
        raise NotDone(f"{plain(question)} It could be {told}. {why}, and I do not guess. {otherwise}")
    return match
