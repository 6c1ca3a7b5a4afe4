"""How full the context is, and of what."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.messages import Image, Message, Text, ToolCall, Usage
from aether_nb.widgets.gauge import Gauge, described, weighed

OPENING = (
    Message.of("system", "s" * 400),
    Message.of("user", "h" * 40),
    Message.of("assistant", "h" * 60),
    Message("user", (Text("q" * 80), Text("v" * 800, "schema"), Image("image/png", "AA"))),
)


def gauge(*events: k.Event) -> Gauge:
    """The gauge after these events."""
    made = Gauge()
    for event in (k.ContextComposed(OPENING), *events):
        weighed(made, event)
    return made


def answered(tokens: int, text: str = "", estimated: bool = False, *calls: ToolCall) -> k.ModelAnswered:
    """A reply to a request of so many tokens."""
    return k.ModelAnswered(
        "m", Message("assistant", (Text(text),), calls), Usage(tokens, estimated=estimated), "stop", 1.0
    )


def test_before_anybody_has_counted_it_is_told_by_length():
    """Four characters are a token; a picture counts as a thousand."""
    one = gauge()
    assert one.pieces == [("system", 100), ("question", 20), ("variables", 1200), ("history", 25)]
    said = described(one)
    assert said is not None
    assert (said["label"], said["text"]) == ("about 1,345 tokens in the context", "1.3 k in context")


def test_the_pieces_add_up_to_what_the_model_counted():
    """What nobody else explains is what the tools are described with; what was guessed too high is cut to size."""
    high, low = gauge(answered(5_000)), gauge(answered(269))
    assert sum(tokens for _, tokens in high.pieces) == 5_000 and dict(high.pieces)["tools"] == 3_655
    assert low.pieces == [("system", 20), ("question", 4), ("variables", 240), ("history", 5)]


def test_what_tools_bring_is_told_apart():
    """Cells and knowledge are pieces of their own; words of the model are history, words of the user the question."""
    call = ToolCall("c1", "read_cells", {})
    events = (
        answered(0, "w" * 400, True, call),
        k.CallProposed(call, "h", "low", "pure"),
        k.CallFinished("c1", (Text("c" * 4_000),), 0.1),
        k.CallFinished("c2", (Text("r" * 400),), 0.1),
        k.SignalReceived("s", "tell", "panel", text="t" * 40),
        k.SignalReceived("s", "pause", "panel", text="t" * 40),
    )
    pieces = dict(gauge(*events).pieces)
    assert (pieces["cells"], pieces["tools"], pieces["history"], pieces["question"]) == (1000, 100, 125, 30)


def test_a_window_that_is_known_gives_a_share():
    """And an empty gauge says nothing at all."""
    one = gauge(answered(32_000))
    one.window = 128_000
    said = described(one)
    assert said is not None and (said["text"], said["window"]) == ("25%", 128_000)
    assert said["label"] == "32,000 of 128,000 tokens in the context"
    assert said["note"].startswith("The model counted")
    assert described(Gauge()) is None
