"""What travels to the view while somebody is asked: all of the call, and why an edit was refused."""

from __future__ import annotations

import json

from aether_nb.events import kinds as k
from harness.panel import HELLO, Heard, shown, waiting
from harness.story import WRITE, call, entries, first_half, hash_of, proposed


async def test_open_gate_says_what_is_needed(heard: Heard):
    """The gate that travels has the hash, the risk, the effect, the path, the reasons and the whole arguments."""
    heard.panel.receive(HELLO, "m1")
    for entry in entries(first_half()):
        heard.panel.feed(entry)
    await heard.settle()
    gates = [block["gate"] for block in heard.messages[-1]["blocks"] if block.get("gate")]
    assert gates == [
        {
            "hash": hash_of(WRITE),
            "risk": "medium",
            "effect": "external",
            "reasons": ["It creates a file in this notebook's folder."],
            "effect_text": "Writes the table `summary` (3 rows, 4 columns) to summary.csv",
            "diff": [],
            "path": "/home/ada/penguins/summary.csv",
            "folder": "penguins",
            "variables": "",
            "arguments": {"path": "summary.csv", "variable": "summary"},
            "rest": [],
            "lines": 1,
            "large": "",
            "refused": "",
            "refusals": 0,
        }
    ]


async def test_open_gate_shows_the_whole_call(heard: Heard):
    """Half a megabyte of code, and every other argument, are all there as long as a yes is asked for."""
    code = "\n".join(f"line_{n} = {n}" for n in range(30_000))
    card = await shown(heard, *waiting(call("c1", "run_python", code=code, purpose="", retries=3, label="")))
    assert "".join(text for _, text in card["code"]) == code
    assert "".join(text for _, text in card["gate"]["rest"]) == '{"retries": 3, "label": ""}'
    assert (card["gate"]["lines"], card["gate"]["large"]) == (30_001, "")
    heard.panel.feed(k.Entry("r", 9, 9.0, k.GateAnswered("c1", card["gate"]["hash"], "approve", "panel")))
    await heard.settle()
    assert len(json.dumps(heard.messages[-1])) < 25_000


async def test_empty_arguments_are_seen(heard: Heard):
    """An empty text can be what hurts: a file whose new content is nothing."""
    card = await shown(heard, *waiting(call("c1", "write_file", path="a.csv", content="", variable=None)))
    text = "".join(text for _, text in card["code"])
    assert json.loads(text) == {"path": "a.csv", "content": "", "variable": None}


async def test_call_too_large_to_be_shown(heard: Heard):
    """Of more than a megabyte the gate gives the size, and neither Approve nor Edit can be offered."""
    card = await shown(heard, *waiting(call("c1", "run_python", code="x = 1\n" * 200_000)))
    gate = card["gate"]
    assert (gate["large"], gate["arguments"], gate["rest"]) == ("1.2 MB", None, [])
    assert len(json.dumps(card)) < 30_000


async def test_refused_edit_reaches_the_gate(heard: Heard):
    """Each unusable edit changes the gate that is sent, even when the reason is the same."""
    gates = [(await shown(heard, *waiting(WRITE)))["gate"]]
    for number in range(2):
        heard.panel.feed(k.Entry("r", 3, 3.0 + number, k.Progress("call_4", 0, note="Your edit cannot be used. No.")))
        await heard.settle()
        gates.append(heard.messages[-1]["blocks"][-1]["gate"])
    told = [(gate["refused"], gate["refusals"]) for gate in gates]
    assert told == [("", 0), ("Your edit cannot be used. No.", 1), ("Your edit cannot be used. No.", 2)]


async def test_hidden_characters_are_shown_before_approval(heard: Heard):
    """Code that would read otherwise than it runs shows its invisible characters in the card."""
    heard.panel.receive(HELLO, "m1")
    trojan = call("c1", "run_python", code="ok = 1 \u202e# harmless")
    for entry in entries([k.RunStarted("p", "m"), proposed(trojan)]):
        heard.panel.feed(entry)
    await heard.settle()
    text = "".join(piece[1] for piece in heard.messages[-1]["blocks"][0]["code"])
    assert "\u202e" not in text
    assert "\\u202e" in text
