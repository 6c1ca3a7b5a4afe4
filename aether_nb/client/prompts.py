"""From what a program passes to what a model gets: the messages, the pictures, the options.

It asks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from aether_nb.client.checks import check, checked_options, plainly
from aether_nb.client.offering import Offered
from aether_nb.errors import OptionError
from aether_nb.events.kinds import Limits
from aether_nb.events.messages import Message
from aether_nb.models.base import Model, Options

__all__ = ["Prompt", "Said", "conversation", "one_message", "options_of", "said_of"]

Prompt: TypeAlias = "str | Message | Iterable[Message]"
"""A question, or a conversation that ends with one."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in one call. What is None is the client's.

    Args:
        model: A model for this call only.
        tools: More tools.
        images: Pictures that belong to the question.
        system: The rules.
        as_: The type that the answer is to have.
        limits: Where the run ends.
        agent: The hosted agent that works on it: a function of a house, or the name of one.
        options: Fields of ``Options``.

    Raises:
        OptionError: Something is of a wrong type.
    """

    model: str | Model | None = None
    tools: Iterable[Offered] = ()
    images: Any = ()
    system: str | None = None
    as_: Any = None
    limits: Limits | None = None
    agent: Callable[..., Any] | str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check("model", self.model, (str, Model), 'a name such as "openai:gpt-5-mini", or a ready model')
        check("system", self.system, str, "a text")
        check("limits", self.limits, Limits, "Limits(…)")
        if self.agent is not None and self.as_ is not None:
            raise OptionError("agent= answers in words.", "What it returns is the answer.", "Leave as_= out.")


CALL = frozenset(each.name for each in fields(Said)) - {"options"}


def said_of(**said: Any) -> Said:
    """What was said in a call, by name; what is no field of ``Said`` is an option.

    Raises:
        OptionError: There is no such option.
    """
    own = {name: said.pop(name) for name in list(said) if name in CALL}
    options_of(said)
    return Said(**own, options=said)


def options_of(said: Mapping[str, Any]) -> Options:
    """The options by their names.

    Raises:
        OptionError: There is no such option, or its value is of a wrong type.
    """
    known = [each.name for each in fields(Options)]
    for name in said:
        if name in CALL:
            raise OptionError(f"There is no option {name!r} here.", "It belongs to a question.", f"ask(…, {name}=…)")
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, [*known, *CALL], n=2) or known
            raise OptionError(
                f"There is no option {name!r}.",
                hint=f"There is: {', '.join(near)}. Fields of a provider's own go into extra={{…}}.",
            )
    for name in ("extra", "schema"):
        if name not in said:
            continue
        try:
            json.dumps(said[name], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise OptionError(f"{name}= holds what JSON cannot say.", f"{error}.", "Use plain values.") from error
    return Options(**checked_options(said))


async def conversation(
    prompt: Prompt, system: str, history: tuple[Message, ...] = (), images: Any = ()
) -> tuple[Message, ...]:
    """The messages that a model gets: the rules, what was said before, and the question with its pictures.

    Raises:
        OptionError: It ends with no question.
        UsageFault: A picture cannot be read.
    """
    rules = (Message.of("system", system),) if system else ()
    if isinstance(prompt, str | Message):
        return (*rules, *history, await one_message(prompt, images))
    said = tuple(prompt) if isinstance(prompt, Iterable) else ()
    if not said or not all(isinstance(message, Message) for message in said):
        raise OptionError(
            f"The question cannot be {plainly(prompt)}.",
            hint='Give a text, a message, or a list of messages: [Message.of("user", "Hello")]',
        )
    if images:
        said = (*said[:-1], await one_message(said[-1], images))
    return (*rules, *history, *said)


async def one_message(prompt: str | Message, images: Any = ()) -> Message:
    """A question as a message, with its pictures behind the words.

    Raises:
        OptionError: It is no question.
        UsageFault: A picture cannot be read.
    """
    if not isinstance(prompt, str | Message):
        raise OptionError(f"The question cannot be {plainly(prompt)}.", hint="Give a text, or a message.")
    message = Message.of("user", prompt) if isinstance(prompt, str) else prompt
    if isinstance(images, list | tuple) and not images:
        return message
    from aether_nb.models.images import picture

    several = images if isinstance(images, list | tuple) else (images,)
    return replace(message, parts=(*message.parts, *[await picture(each) for each in several]))
