"""A problem that was solved is found again by its error, then by its words; one that does not help is put behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.knowledge.embed import Chosen
from aether_nb.knowledge.library import Library
from aether_nb.knowledge.material import Where
from aether_nb.knowledge.solutions import Solution, find, fingerprints, judge, keep, solution_of

ERROR = "ValueError: could not convert string to float: '1.234,50'"
KEY = "sk-abcdefghijklmnop1234567890"


def log(prompt: str = "Sum the prices", outcome: k.Outcome = "done", **more: object) -> list[k.Entry]:
    """A run that failed once on the way and found an answer."""
    call = ToolCall("c2", "run_python", {"code": f"total = prices.str.replace(',', '.').sum()  # {KEY}"})
    events: list[k.Event] = [
        k.RunStarted(prompt, "m", **more),  # type: ignore[arg-type]
        k.ContextComposed((Message("user", (Text(prompt), Text("\n\nError of cell 3:\n" + ERROR, "output"))),)),
        k.PlanMade((k.PlanItem("Clean the column", "run_python"), k.PlanItem("Sum it", "run_python"))),
        k.CallProposed(ToolCall("c1", "run_python", {"code": "prices.sum()"}), "h1", "low", "namespace"),
        k.CallFailed("c1", "KeyError: 'prcie'", "in cell 3", seconds=0.1),
        k.CallProposed(call, "h2", "low", "namespace"),
        k.CallFinished("c2", (Text("ok"),), 0.1),
        k.ModelAnswered("m", Message.of("assistant", "The total is 12."), Usage(), "stop", 0.1),
        k.RunEnded(outcome),
    ]
    return [k.Entry("7f3a", seq, 100.0 + seq, event) for seq, event in enumerate(events, 1)]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(str(tmp_path / "knowledge"), tmp_path, lambda: Chosen(None, "By words."))
    yield opened
    opened.close()


def test_what_a_run_has_solved() -> None:
    """Its question, plan, code, answer, and the errors it was asked about and met; keys are made unreadable."""
    solution = solution_of(log(), (KEY,))
    assert solution is not None
    assert (solution.problem, solution.approach, solution.answer) == (
        "Sum the prices", ("Clean the column", "Sum it"), "The total is 12.",
    )  # fmt: skip
    assert "str.replace" in solution.code
    assert "prices.sum()" not in solution.code
    assert solution.errors == (*fingerprints(ERROR), *fingerprints("KeyError: 'prcie'"))
    assert KEY not in solution.text


@pytest.mark.parametrize("entries", [
    [entry for entry in log() if entry.event.kind != "call.finished"],
    log(outcome="failed"), log(outcome="cancelled"), log(data="schema"), log(hide=("email",)), log()[:-1], [],
])  # fmt: skip
def test_nothing_is_kept_of_what_went_wrong_or_hid_data(entries: list[k.Entry]) -> None:
    """Only a run that ended well, with code, under no limit of data, is remembered."""
    assert solution_of(entries) is None


@pytest.mark.parametrize(("one", "other", "same"), [
    ("KeyError: 'price'", "Traceback\n  pandas.errors.KeyError: 'price'", True),
    ("KeyError: 'price'", "KeyError: 'weight'", False),
    ("ValueError: row 17 of /home/a/x.csv has 3 fields", "ValueError: row 2 of /tmp/y.csv has 12 fields", True),
    ("OSError: bad object at 0x7f01", "OSError: bad object at 0x1234", True),
    ("ValueError: no", "TypeError: no", False),
    (ERROR, "ValueError: could not convert string to float: 'n/a'", True),
])  # fmt: skip
def test_an_error_goes_by_what_is_the_same_each_time(one: str, other: str, same: bool) -> None:
    """Addresses, paths, numbers and quoted values differ; the kind and the words count, and a name that is all."""
    assert (fingerprints(one) == fingerprints(other)) is same
    assert len(fingerprints(one)) == 1


def test_a_text_without_an_error_has_none() -> None:
    """Words about errors are none."""
    assert fingerprints("How do I avoid a KeyError in pandas?") == ()


async def test_found_by_the_error_first_then_by_words(library: Library) -> None:
    """The same error finds it whatever is asked; without one the words do; what is unlike is not found."""
    assert (await find(library, "Sum the prices")).hits == ()
    solution = solution_of(log())
    assert solution is not None
    other = Solution("99", "Draw the weights of penguins", code="plot(w)", errors=fingerprints("TypeError: bad plot"))
    library.do(lambda index: (keep(index, solution), keep(index, other)))
    by_error = await find(library, "What is wrong here?", "ValueError: could not convert string to float: '9,9'")
    assert [hit.path for hit in by_error.hits] == ["solution/7f3a"]
    assert by_error.how == ("Found by the error that it met.",)
    by_words = await find(library, "How do I draw penguin weights?")
    assert [hit.path for hit in by_words.hits] == ["solution/99"]
    assert (await find(library, "Bake a bread")).hits == ()
    assert library.do(lambda index: index.documents()) == []


async def test_one_that_fails_is_put_behind(library: Library) -> None:
    """After a failure another one of the same error comes first; one that failed more often than it helped is out."""
    for run in ("a1", "b2"):
        keep_it = Solution(run, f"Problem of {run}", errors=fingerprints(ERROR), created=1.0)
        library.do(lambda index, one=keep_it: keep(index, one))

    async def found() -> list[str]:
        return [hit.path for hit in (await find(library, ERROR)).hits]

    assert sorted(await found()) == ["solution/a1", "solution/b2"]
    library.do(lambda index: judge(index, "solution/a1", helped=False))
    assert await found() == ["solution/b2"]
    library.do(lambda index: judge(index, "solution/a1", helped=True))
    assert await found() == ["solution/b2", "solution/a1"]
    library.do(lambda index: judge(index, "solution/gone", helped=True))
    (meta,) = library.do(lambda index: [one.meta for one in index.documents(Where("solutions", path=("solution/a1",)))])
    assert meta == {"uses": 1, "failures": 1}
