"""An errand with every kind of step: what a run does in the tests that kill it, and how that shows in the world.

A scripted model says what to do next by how many replies the conversation holds already, so a run that is taken up
again gets the right one; being asked is counted outside, as a paid reply would be. Tools leave their marks on the
counting server or in a file. ``passing`` is called with a name at places inside tools where a process may be killed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aether_nb import ScriptedModel, tool
from aether_nb.events.messages import Message, ToolCall
from aether_nb.models.base import Request
from aether_nb.tools.base import Context
from harness.counting import counts, send

URL, CASE = "ERRAND_URL", "ERRAND_CASE"
"""Where the counting server is, and the path below which this errand is counted."""

QUESTION = "For whom is it?"
FILE, TEXT = "report.txt", "All is ordered.\n"

passing: list[Callable[[str], None]] = []
"""Who is told that a place inside a tool was reached."""


def at(place: str) -> None:
    """A place where a process may be killed."""
    for told in passing:
        told(f"in {place}")


def did(method: str, name: str, key: str = "") -> int:
    """Do something that the server counts."""
    return send(method, f"{os.environ[URL]}/{os.environ[CASE]}/{name}", key)[0]


# ---- the tools


@tool(risk="low", effect="pure")
def rate(city: str) -> str:
    """The tax rate of a city."""
    did("POST", "rate")
    return {"Rome": "22", "Oslo": "25"}[city]


@tool(risk="low", effect="idempotent", retries=9, backoff=0.0)
def put_price(price: int, context: Context) -> str:
    """Put a price on the list; the server refuses the first time, and takes a second delivery for the first."""
    at("put_price, before it acts")
    status = did("PUT", "price?once-refused", context.key)
    at("put_price, after it acted")
    if status != 200:
        raise RuntimeError("try again")
    return f"the price is {price}"


@tool(risk="medium", effect="external")
def order(item: str) -> str:
    """Order something: what a second time would be a second order."""
    at("order, before it acts")
    did("POST", "order")
    at("order, after it acted")
    return f"ordered {item}"


def paid(arguments: Mapping[str, Any], context: Context) -> bool:
    """Whether the payment was made: the world is asked."""
    return counts(os.environ[URL], os.environ[CASE]).effects("pay") > 0


@tool(risk="low", effect="external", on_doubt="verify", verify=paid)
def pay(amount: int) -> str:
    """Pay."""
    at("pay, before it acts")
    did("POST", "pay")
    at("pay, after it acted")
    return f"paid {amount}"


TOOLS = {"rate": rate, "put_price": put_price, "order": order, "pay": pay}

# ---- what the model says

STEPS: list[list[ToolCall]] = [
    [
        ToolCall(
            "",
            "plan",
            {"items": [{"title": "Look", "tool": "rate"}, {"title": "Order", "tool": "order"}, {"title": "Say"}]},
        )
    ],
    [ToolCall("", "rate", {"city": "Rome"}), ToolCall("", "run_python", {"code": "stock = 41\nnames = ['a']"})],
    [ToolCall("", "write_file", {"path": FILE, "content": TEXT})],
    [ToolCall("", "put_price", {"price": 7})],
    [ToolCall("", "order", {"item": "tea"})],
    [ToolCall("", "ask_user", {"question": QUESTION, "options": ["Anna", "Bert"]})],
    [ToolCall("", "run_python", {"code": "stock += 1\nnames.append('b')\nstock"})],
    [ToolCall("", "pay", {"amount": 7})],
]


def model() -> ScriptedModel:
    """The model, at any point of the errand."""
    return ScriptedModel([_said] * 99, name="script")


def _said(request: Request) -> Any:
    said = sum(message.role == "assistant" for message in request.messages)
    did("POST", f"model-{said}")
    return STEPS[said] if said < len(STEPS) else _answer(request.messages)


def _answer(messages: tuple[Message, ...]) -> str:
    """What the run found out, read from the conversation alone."""
    called = {call.id: (call.name, n) for n, message in enumerate(messages) for call in message.calls}
    told = [(called[m.call_id][0], bare(m.text)) for m in messages if m.role == "tool" and m.call_id in called]
    found = {name: text for name, text in told if name in ("rate", "ask_user")}
    stock = re.findall(r"\[value\] (\d+)", " ".join(text for name, text in told if name == "run_python"))
    return f"Rate {found['rate']}, for {found['ask_user']}, stock {' '.join(stock)}."


# ---- the person


def says(prompt: str, folder: Path) -> str:
    """What a person types who looks at the world before he answers.

    Args:
        prompt: What is asked, as it stands at the terminal.
        folder: The folder that the errand works in.
    """
    if "[y]es" in prompt:
        return "y"
    if "What became of it?" in prompt:
        return doubt(prompt, folder)
    if QUESTION in prompt:
        return "Anna"
    assert "Go on for another" in prompt, prompt
    return "go on"


def doubt(text: str, folder: Path) -> str:
    """Whether a call that is in doubt has acted, by its traces."""
    found = re.search(r"(\w+) was interrupted", text)
    assert found, text
    name = found[1]
    if name == "write_file":
        return "it ran" if (folder / FILE).exists() else "run it"
    done = counts(os.environ[URL], os.environ[CASE]).effects(name)
    return "it ran" if done else "run it"


def bare(text: str) -> str:
    """What a tool said, without the fence around it: its word is another one in each run."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(("<data id=", "</data id=")))
