"""What went where: the account of a run, and the sum of several."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.account import Account, Went, account_of, total
from aether_nb.events.leaving import COLUMNS


def asked(to: str, rows: int, *columns: str, **more: int) -> k.ModelAsked:
    """A request that carried so much."""
    return k.ModelAsked("m", 1, (), k.Left(to, (), rows, columns=columns, **more))


def entries(*events: k.Event) -> list[k.Entry]:
    """These events, as a log has them."""
    return [k.Entry("r", n, float(n), event) for n, event in enumerate(events, 1)]


def test_each_request_says_again_what_the_earlier_ones_said() -> None:
    """Rows are those of the largest request to a host; columns are joined, hosts stand apart."""
    account = account_of(
        entries(
            asked("api.a", 2, "df.x"), k.ModelAsked("m", 2), asked("api.a", 5, "df.y", images=1), asked("", 9),
            asked("api.b", 1, withheld=2, masked=1), k.InstructionsFound(("s",), "x"), k.RunEnded("done"),
        )
    )  # fmt: skip
    assert account.away == {"api.a": Went(2, 5, 1, ("df.x", "df.y")), "api.b": Went(1, 1, withheld=2, masked=1)}
    assert account.went[""].rows == 9 and account.found == 1


def test_runs_add_up() -> None:
    """What went to a host in two runs is the sum of both."""
    one, other = account_of(entries(asked("a", 2, "x"))), account_of(entries(asked("a", 3, "x", "y"), asked("b", 1)))
    assert total([one, other, Account()]).went == {"a": Went(2, 5, 0, ("x", "y")), "b": Went(1, 1)}


def test_columns_are_named_up_to_a_number() -> None:
    """The account of a table of any width is bounded, and says that there are more."""
    names = [f"c{n:04}" for n in range(COLUMNS)]
    account = account_of(entries(asked("a", 1, *names, more=3), asked("a", 1, "zz")))
    assert (len(account.went["a"].columns), account.went["a"].more) == (COLUMNS, 3)


def test_requests_beside_a_conversation_add_up() -> None:
    """Each says something else, so rows are added; a conversation repeats itself, so its largest request counts."""
    asked = k.ModelAsked("m", 1, (), k.Left("a", (), 5))
    beside = k.Beside("vectors", "m", k.Left("a", (), 3))
    events = (asked, beside, asked, k.KnowledgeRecalled("q", sent=(beside, beside)))
    account = account_of(entries(*events))
    assert (account.went["a"].requests, account.went["a"].rows) == (5, 14)
