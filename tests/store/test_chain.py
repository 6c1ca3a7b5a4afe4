"""Laws of the chain: whatever is done to rows of a run, it is found, and named with its place."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events.kinds import CallBegun, RunEnded, RunStarted
from aether_nb.store.chain import Link, link, root, verify
from aether_nb.store.store import open_store

RUN = "run"

fields = st.tuples(st.floats(allow_nan=False), st.text(max_size=4), st.integers(0, 9), st.binary(max_size=6))


def forged(contents, run=RUN, prev=None):
    """A whole chain of events with these fields: time, kind, version, payload."""
    rows, prev = [], root(run) if prev is None else prev
    for seq, content in enumerate(contents, 1):
        rows.append(Link(seq, *content, prev, prev := link(prev, run, seq, *content)))
    return rows


def judged(rows, whole, noted=""):
    """What is said of these rows, when the list of runs knows those as whole."""
    return verify(RUN, rows, len(whole), whole[-1].hash, noted)


def numbered(rows):
    """The rows with the numbers of their places, as a careful forger leaves them."""
    return [row._replace(seq=seq) for seq, row in enumerate(rows, 1)]


chains = st.lists(fields, min_size=2, max_size=7, unique_by=repr).map(forged)
places = st.integers(0, 6)
renumbering = st.sampled_from([lambda rows: rows, numbered])


@given(chains)
def test_what_was_linked_is_whole(rows):
    """A chain confirms itself, and every head that it ever had."""
    assert judged(rows, rows).ok
    assert all(judged(rows, rows, row.hash.hex()).ok for row in rows)


@given(chains, places, st.data())
def test_any_change_is_named(rows, place, data):
    """One field of one row, to any other value of any type: the event is named, and those before it are whole."""
    place %= len(rows)
    field = data.draw(st.sampled_from(Link._fields[1:]))
    other = data.draw(
        st.none() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3) | st.binary(max_size=32)
    )
    old = rows[place]
    if type(other) is type(getattr(old, field)) and repr(other) == repr(getattr(old, field)):
        return
    changed = [*rows[:place], old._replace(**{field: other}), *rows[place + 1 :]]
    verdict = judged(changed, rows)
    assert (verdict.fault, verdict.seq, verdict.events) == (f"Event {place + 1} was changed.", place + 1, place)
    assert verdict.head == (rows[place - 1].hash.hex() if place else "")


@given(chains, places, renumbering)
def test_any_removal_is_named(rows, place, renumber):
    """One event from anywhere but the end, whether or not the later ones are renumbered."""
    place %= len(rows) - 1
    verdict = judged(renumber([*rows[:place], *rows[place + 1 :]]), rows)
    assert (verdict.fault, verdict.seq) == (f"Event {place + 1} was removed.", place + 1)


def test_a_longer_removal_is_named():
    """With its first and its last event."""
    rows = forged([(float(n), "k", 1, b"{}") for n in range(6)])
    assert judged([rows[0], *rows[4:]], rows).fault == "Events 2 to 4 were removed."


@given(chains, places)
def test_a_cut_is_named(rows, keep):
    """Events removed from the end, with the run's own line as the witness."""
    keep %= len(rows)
    verdict = judged(rows[:keep], rows)
    gone = f"events {keep + 1} to {len(rows)} were" if keep + 1 < len(rows) else f"event {len(rows)} was"
    assert verdict.fault == f"It is cut off: {gone} removed from its end."
    assert (verdict.seq, verdict.events) == (keep + 1, keep)


@given(chains, places)
def test_a_cut_that_also_changed_the_list_is_seen_from_outside(rows, keep):
    """Who mends the run's own line as well is found by a head that was noted elsewhere."""
    kept = rows[: keep % (len(rows) - 1) + 1]
    verdict = judged(kept, kept, rows[-1].hash.hex())
    assert verdict.fault == "It was cut off or written anew: the hash that was noted elsewhere is in it nowhere."
    assert judged(kept, kept).ok  # which is why it is noted elsewhere


@given(chains, places, fields)
def test_a_strange_event_between_others_is_named(rows, place, content):
    """An event that was never there, with a hash of its own, and the later ones renumbered."""
    place %= len(rows)
    prev = rows[place].prev
    strange = Link(place + 1, *content, prev, b"\1" * 32)
    verdict = judged(numbered([*rows[:place], strange, *rows[place:]]), rows)
    assert (verdict.fault, verdict.seq) == (f"Event {place + 1} was inserted.", place + 1)


@given(chains, fields)
def test_an_event_added_at_the_end_is_named(rows, content):
    """Also when it is linked as it should be: the run's own line does not know it."""
    prev, seq = rows[-1].hash, len(rows) + 1
    for hash in (link(prev, RUN, seq, *content), b"\1" * 32):
        verdict = judged([*rows, Link(seq, *content, prev, hash)], rows)
        assert (f"Event {seq} was inserted" in verdict.fault, verdict.seq) == (True, seq)


@given(chains, places, places)
def test_a_copy_of_an_earlier_event_is_named(rows, source, place):
    """The same yes, put in a second time, does not count."""
    source %= len(rows) - 1
    place = source + 1 + place % (len(rows) - source - 1)
    verdict = judged(numbered([*rows[:place], rows[source], *rows[place:]]), rows)
    assert verdict.fault == f"Event {place + 1} was inserted: it is a copy of event {source + 1}."


@given(chains, places, places)
def test_another_order_is_named(rows, one, other):
    """Two events that changed places."""
    one, other = sorted((one % len(rows), other % len(rows)))
    if one == other:
        return
    swapped = list(rows)
    swapped[one], swapped[other] = rows[other], rows[one]
    verdict = judged(numbered(swapped), rows)
    assert verdict.fault == f"The order was changed: event {one + 1} was written as event {other + 1}."
    assert verdict.seq == one + 1


@given(chains, places, fields)
def test_an_event_replaced_with_a_right_hash_is_named(rows, place, content):
    """Who changes an event and makes its hash anew is betrayed by the next one, or by the run's own line."""
    place %= len(rows)
    if repr(content) == repr(rows[place][1:5]):
        return
    replaced = forged([content], prev=rows[place].prev)[0]._replace(seq=place + 1)
    replaced = replaced._replace(hash=link(replaced.prev, RUN, place + 1, *content))
    verdict = judged([*rows[:place], replaced, *rows[place + 1 :]], rows)
    assert (verdict.fault.split(":")[0], verdict.seq) == (f"Event {place + 1} was changed", place + 1)


@given(chains)
def test_another_runs_events_are_no_events_of_this_one(rows):
    """The name of the run is in every hash, and the first event follows from it."""
    foreign = forged([row[1:5] for row in rows], run="other")
    assert judged(foreign, foreign).fault == "Event 1 was changed."
    uprooted = forged([row[1:5] for row in rows], prev=bytes(32))
    assert judged(uprooted, uprooted).fault == "Event 1 was changed: it was written for another run."


def test_a_number_far_away_is_still_named():
    """An event whose number alone was changed is known by its hash."""
    rows = forged([(1.0, "k", 1, b"{}"), (2.0, "k", 1, b"{}")])
    verdict = judged([rows[0], rows[1]._replace(seq=9)], rows)
    assert verdict.fault == "The order was changed: event 2 has the number 9 now."
    assert (
        judged([rows[0]._replace(seq="x"), rows[1]], rows).fault
        == "The order was changed: event 1 has the number x now."
    )


@pytest.mark.parametrize(
    "odd",
    [{"time": 1}, {"time": None}, {"kind": b"a"}, {"kind": 7}, {"version": "1"}, {"version": 1.0}, {"payload": "{}"}],
)
def test_a_value_of_another_type_is_no_event(odd):
    """Whoever can write the file can write anything into it: also a time that makes the same bytes is named."""
    rows = forged([(1.0, "a", 1, b"{}"), (2.0, "a", 1, b"{}")])
    found = judged([rows[0]._replace(**odd), rows[1]], rows)
    assert (found.events, found.fault) == (0, "Event 1 was changed.")


def test_fields_that_run_together_are_told_apart():
    """Each field is framed by its length: moving a letter from one to the next gives another hash."""
    prev = bytes(32)
    hashes = {
        link(prev, run, 1, 1.0, kind, 1, payload)
        for run, kind, payload in (
            ("ab", "c", b"d"),
            ("a", "bc", b"d"),
            ("a", "b", b"cd"),
            ("abc", "", b"d"),
            ("", "abcd", b""),
        )
    }
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE events SET payload = '{}' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE events SET payload = x'ff00' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE events SET time = 'noon' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE events SET version = 'x' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE events SET hash = 'x' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE events SET kind = 'call.begun' WHERE seq = 1", "Event 1 was changed."),
        ("DELETE FROM events WHERE seq = 2", "Event 2 was removed."),
        ("DELETE FROM events WHERE seq = 3", "It is cut off: event 3 was removed from its end."),
        ("UPDATE events SET seq = 7 WHERE seq = 3", "The order was changed: event 3 has the number 7 now."),
        ("UPDATE runs SET head = 2", "Event 3 was inserted: the run had ended at event 2."),
        ("UPDATE runs SET chain = x'00'", "Event 3 was changed: the list of runs knows it by another hash."),
        ("DELETE FROM runs", "Event 1 was inserted: the run had ended at event 0."),
    ],
)
def test_what_is_done_to_the_file_is_found(folder, tampering, fault):
    """Rows are looked at as they lie: damage is reported and raises nothing."""
    store = open_store(folder)
    with closing(store.log):
        store.log.append("r", 0, (RunStarted("q", "m"), CallBegun("a", "h"), RunEnded("done")), 1.0)
        store.log.database._open_for_writing().execute(tampering)
        verdict = store.chain.verify("r")
        assert (verdict.ok, verdict.fault) == (False, fault)
