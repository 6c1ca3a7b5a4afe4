"""Laws of the fold of a whole log: it comes to what the same events come to one by one, and changes nobody's state."""

from __future__ import annotations

from collections.abc import Iterator

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold, step
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.events.state import RunState
from aether_nb.events.table import Table


def told() -> Iterator[k.Event]:
    """A run of forty calls."""
    yield k.RunStarted("q", "m")
    yield k.ContextComposed((Message.of("user", "q"),))
    for n in range(40):
        call = ToolCall(f"c{n}", "run_python", {"code": "x = 1"})
        yield k.ModelAsked("m", n + 1)
        yield k.ModelAnswered("m", Message("assistant", calls=(call,)), Usage(10, 5, 0.25), "tool_calls", 0.1)
        yield k.CallProposed(call, "h", "low", "namespace")
        yield k.CallBegun(call.id, "h")
        yield k.NamespaceChanged(call.id, (k.Change("x", "added" if n == 0 else "changed"),))
        yield k.CallFinished(call.id, (Text("1"),), 0.1)


ENTRIES = [k.Entry("r", n, 1.0 + n, event) for n, event in enumerate(told(), 1)]


def test_a_log_is_folded_to_what_its_events_come_to_one_by_one() -> None:
    """However it is cut: what was folded before is a state like any other, and stays as it is."""
    alone = RunState()
    for entry in ENTRIES:
        alone = step(alone, entry)
    assert fold(ENTRIES) == alone
    for cut in range(0, len(ENTRIES), 7):
        before = fold(ENTRIES[:cut])
        known = dict(before.calls)
        assert fold(ENTRIES[cut:], before) == alone
        assert dict(before.calls) == known
    assert isinstance(alone.calls, Table) and isinstance(fold(ENTRIES).calls, Table)
    assert (alone.made, alone.usage, alone.seconds) == (("x",), Usage(400, 200, 10.0), float(len(ENTRIES) - 1))


def test_what_code_has_made_or_changed_is_known_also_of_earlier_turns() -> None:
    """A frame that code has given one more column counts as one that it has made: both may show a hidden column."""
    earlier = k.Turn("r0", 1, "q", "a", made=("copy",), touched=("people",))
    changed = k.NamespaceChanged("c", (k.Change("sales", "changed"),))
    removed = k.NamespaceChanged("c", (k.Change("copy", "removed"), k.Change("new", "added")))
    entries = [
        k.Entry("r", n, 1.0, e) for n, e in enumerate((k.RunStarted("q", "m", prior=(earlier,)), changed, removed), 1)
    ]
    assert fold(entries[:1]).touched == ("copy", "people")
    beside = k.RunStarted("q", "m", prior=(earlier,), touched=("other", "people"))
    assert fold([k.Entry("r", 1, 1.0, beside)]).touched == ("copy", "other", "people")
    assert fold(entries[:2]).touched == ("copy", "people", "sales")
    assert set(fold(entries).touched) == {"copy", "people", "sales", "new"}
    assert fold(entries).made == ("new",)


def test_usage_adds_up() -> None:
    """A cost that one of them does not know is known of none; nothing costs nothing."""
    one, unknown = Usage(1, 2, 0.5, 3, 4, 5, 6), Usage(1, estimated=True)
    assert Usage.total(()) == Usage(cost=0.0)
    assert Usage.total((one, one)) == one.plus(one) == Usage(2, 4, 1.0, 6, 8, 10, 12)
    assert Usage.total((one, unknown)) == Usage(2, 2, None, 3, 4, 5, 6, estimated=True)


def test_a_no_that_nobody_said_is_told_from_one_of_a_person() -> None:
    """What was denied because nobody was there is known of the run; in a fork it is the business of the other one."""
    call = ToolCall("c1", "write_file", {})
    asked = (k.ModelAnswered("m", Message("assistant", calls=(call,)), Usage(), "tool_calls", 0.1),)
    for by, unheard in (("policy:deny", ("c1",)), ("policy:above", ("c1",)), ("panel", ()), ("policy:rule", ())):
        events = (*asked, k.CallProposed(call, "h", "medium", "external"), k.GateAnswered("c1", "h", "deny", by))
        state = fold([k.Entry("r", n, 1.0, event) for n, event in enumerate(events, 1)])
        assert (state.unheard, state.finish) == (unheard, "tool_calls")
        assert step(state, k.Entry("r2", 4, 1.0, k.RunForked("r", 3, "x"))).unheard == ()
