"""A run as a tree: item, request, call; who approved, what it took."""

from __future__ import annotations

import json

from aether_nb.doing.traces import trace_text, trace_values
from harness.evidence import play


def test_a_trace_is_a_tree_of_items_requests_and_calls() -> None:
    """Each call stands under the request that wanted it, under the item that it worked on."""
    this = play()
    entries, hashes = list(this.run.log.read("run1")), this.run.log.hashes("run1")  # type: ignore[attr-defined]
    lines = trace_text(entries, hashes).splitlines()
    assert lines[0].startswith(f"run run1 · chain {hashes[-1][:16]} · ")
    order = [
        "asked: the question",
        "step 1 at", "✓ plan · finished",
        "step 3 at", "✓ send · finished", "approved in the panel, run", "✗ send · denied",
        "denied in the panel: not now",
        "item 1: Look [done]", "step 1 (as above)", "✓ look",
        "item 2: Make [done]", "step 2 at", "✓ make", "changed t (added)", "read df",
        "made: t (DataFrame, sha256:1)",
        "ended: done",
    ]  # fmt: skip
    place = 0
    for said in order:
        place = next(n for n, line in enumerate(lines[place:], place) if said in line)


def test_a_trace_is_plain_values() -> None:
    """For programs: the evidence, the tree by ids, and every event."""
    this = play()
    entries, hashes = list(this.run.log.read("run1")), this.run.log.hashes("run1")  # type: ignore[attr-defined]
    values = json.loads(json.dumps(trace_values(entries, hashes)))
    assert [item["title"] for item in values["tree"]] == ["", "Look", "Make", "Tell"]
    assert values["tree"][2]["steps"] == [{"step": 2, "model": "aether:scripted", "calls": ["c2"]}]
    assert values["events"][0]["kind"] == "run.started"
    assert (values["chain"], values["answer"]) == (hashes[-1], "The answer.")
    assert values["calls"][3]["approved_by"] == "panel"
