"""Which calls the numbers of an answer rest on."""

from __future__ import annotations

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.widgets.blocks import View
from aether_nb.widgets.grounds import grounds
from aether_nb.widgets.room import rests
from aether_nb.widgets.view import view_of
from harness.story import call, entries, hash_of, proposed


def answered(answer: str, *results: str, outputs: tuple[dict[str, str], ...] = ()) -> View:
    """A run whose calls brought these results before it was answered."""
    events: list[k.Event] = [k.RunStarted("q", "m")]
    for number, result in enumerate(results, 1):
        one = call(f"c{number}", "query", sql=f"select {number}")
        events += [
            proposed(one),
            k.CallBegun(one.id, hash_of(one)),
            k.CallFinished(one.id, (Text(result),), 0.1, outputs),
        ]
    events.append(k.ModelAnswered("m", Message.of("assistant", answer), Usage(), "stop", 1.0))
    return view_of(entries(events))


def found(answer: str, *results: str, outputs: tuple[dict[str, str], ...] = ()) -> list[tuple[str, list[str]]]:
    """Which calls these numbers are found in, when calls brought these results."""
    return [(one["id"], one["numbers"]) for one in grounds(answered(answer, *results, outputs=outputs))]


def test_the_panel_and_the_picture_name_a_call_by_the_same_number() -> None:
    """The chip in the panel is the number by which the picture, and ``%aether show --call``, name the call."""
    view = answered("27.2 mm and 190.5 mm", "nothing", "gap 27.2", "mean 190.5")
    assert [one["call"] for one in grounds(view)] == [2, 3]
    assert rests(view) == [("2 query", "27.2"), ("3 query", "190.5")]


@pytest.mark.parametrize(
    ("answer", "result", "numbers"),
    [
        ("It is 217.2 mm.", "mean 217.2", ["217.2"]),
        ("It is 217.2 mm.", "mean 217.1868131868", ["217.2"]),
        ("It is 217.2 mm.", "mean 217.26", []),
        ("It is 1,344 rows.", "1344 rows", ["1344"]),
        ("It is 12.5 %.", "share 0.1251", ["12.5"]),
        ("It is −3.25.", "gap -3.25", ["-3.25"]),
        ("It is 1.5e3.", "1500", ["1.5e3"]),
        ("There are 5 of v2 and x1.", "5 2 1", []),
        ("Type `1234` or\n```\n5678\n```", "1234 5678", []),
        ("It is 217.", "217.4", []),
        ("It is 10.25.", "9" * 400, []),
    ],
)
def test_a_number_is_found_where_a_result_holds_it(answer: str, result: str, numbers: list[str]):
    """As it stands, with other commas, or rounded to what the answer says; small counts and code do not count."""
    assert found(answer, result) == ([("c:c1", numbers)] if numbers else [])


def test_the_first_call_that_brought_a_number_is_named():
    """A number belongs to one call; those that brought nothing of the answer are not named."""
    assert found("12.5 and 99.5 and 12.50", "none", "12.5", "12.5 99.5") == [
        ("c:c2", ["12.5", "12.50"]),
        ("c:c3", ["99.5"]),
    ]


def test_outputs_for_people_count_too():
    """What a person sees of a call is what it brought."""
    assert found("42.5", "", outputs=({"text/plain": "value 42.5"}, {"image/png": "AA"})) == [("c:c1", ["42.5"])]


def test_only_so_many_numbers_are_looked_for():
    """An answer that is one long list of numbers does not make the panel slow."""
    numbers = " ".join(f"{n}.5" for n in range(100, 300))
    assert len(found(numbers, numbers)[0][1]) == 40


def test_where_a_passage_stands_is_no_number_of_the_answer() -> None:
    """The lines and pages of citations rest on nothing; what is said beside them does."""
    answer = "There are 212 birds — [notes/a guide.md:12-30], [b.md:44], [paper.pdf, page 13], [x.ipynb, cell 21-22]."
    assert found(answer, "212 12 30 44 13 21 22") == [("c:c1", ["212"])]
