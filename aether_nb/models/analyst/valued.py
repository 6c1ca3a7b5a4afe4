"""An answer as a value: the expression that gives what the answer says, found in the code that was run for it.

The headline of an answer stands in bold. Which cell of the last result it is decides the expression, so that what is
bound is what is said. This module writes code and runs none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aether_nb.models.analyst.phrasing import figure, plain
from aether_nb.models.analyst.results import Table, facts, table
from aether_nb.models.analyst.script import Action, Outcome, Script

__all__ = ["valued", "wanted_in"]

WANTED = re.compile(r"of type (.+), for the variable \w+\.")
BOLD = re.compile(r"\*\*(.+?)\*\*")
MOST = 3
"""How many expressions are tried."""


def wanted_in(description: str) -> str:
    """The type that is wanted, as the description of the tool ``answer_with`` says it."""
    match = WANTED.search(description)
    return match[1] if match else ""


def valued(script: Script, wanted: str) -> Script:
    """The same script, which at its end gives a value of the wanted type; without one it is the same.

    Args:
        script: What is done for a prompt.
        wanted: The type; empty when words are wanted.
    """
    ran: list[tuple[str, Outcome]] = []
    text = yield from _watched(script, ran)
    if not wanted:
        return text
    found = list(_expressions(wanted, *ran[-1], text))[:MOST] if ran else []
    for expression in found:
        outcome = yield Action("answer_with", {"expression": expression}, "I give the value that is wanted.")
        if outcome.status == "done":
            return text
    return f"{text}\n\nI found no value of type `{wanted}` in this."


def _watched(script: Script, ran: list[tuple[str, Outcome]]) -> Script:
    """The same script; what code it ran, and what came of it, is noted."""
    outcome: Outcome | None = None
    while True:
        try:
            step = next(script) if outcome is None else script.send(outcome)
        except StopIteration as end:
            return str(end.value)
        outcome = yield step
        if isinstance(step, Action) and step.tool == "run_python" and outcome.status == "done":
            ran.append((step.arguments["code"], outcome))


def _expressions(wanted: str, code: str, outcome: Outcome, text: str) -> Iterator[str]:
    """Expressions for a value of that type, the likeliest first."""
    shown = _Shown.read(code, outcome.text)
    kind = wanted.partition("[")[0].rpartition(".")[2]
    if shown is None:
        return
    if kind in ("DataFrame", "Series"):
        frame = shown.expression if shown.frame == (kind == "DataFrame") else ""
        yield frame or (f"{shown.tied}.to_frame()" if kind == "DataFrame" else f"{shown.tied}.iloc[:, -1]")
    elif kind == "list":
        yield from ([f"{shown.tied}.index.tolist()"] if shown.labels else [])
        yield f"{shown.tied}.iloc[:, 0].tolist()" if shown.frame else f"{shown.tied}.tolist()"
        yield from ([f"{shown.tied}.iloc[:, -1].tolist()"] if shown.frame else [])
    elif kind == "dict":
        yield f"{shown.tied}.iloc[:, -1].to_dict()" if shown.frame else f"{shown.tied}.to_dict()"
    else:
        yield from _single(shown, outcome.text, text)


def _single(shown: _Shown, told: str, text: str) -> Iterator[str]:
    """Expressions for a single value: a printed figure, or a cell, that is the headline of the answer."""
    match = BOLD.search(text)
    if match is None:
        return
    headline = match[1].removesuffix("%").strip()
    for name, value in facts(told).items():
        if name in shown.printed and headline == figure(value):
            yield shown.printed[name]
    for row, cells in enumerate(shown.table.rows):
        for place in range(len(cells) - 1, -1, -1):
            if headline in (figure(cells[place]), plain(cells[place])):
                yield shown.cell(row, place - shown.labels)


@dataclass(frozen=True)
class _Shown:
    """The result of code: its last expression, what that shows, and what was printed by which expression.

    ``labels`` is how many of the columns are the index, ``frame`` whether it is a frame and no series.
    """

    expression: str
    table: Table
    labels: int
    frame: bool
    printed: dict[str, str]

    @classmethod
    def read(cls, code: str, told: str) -> _Shown | None:
        """None when the code does not end in an expression that shows a table."""
        found, body = table(told), ast.parse(code).body
        size = re.search(r"\[value\] (\w+), [\d,]+ rows?(?: × (\d+) columns?)?", told)
        if found is None or size is None or not isinstance(body[-1], ast.Expr):
            return None
        width = int(size[2]) if size[2] else 1
        printed = {}
        for node in body[:-1]:
            call = node.value if isinstance(node, ast.Expr) else None
            if isinstance(call, ast.Call) and len(call.args) == 2 and isinstance(call.args[0], ast.Constant):
                printed[str(call.args[0].value).rstrip(":")] = ast.unparse(call.args[1])
        last = ast.unparse(body[-1].value)
        return cls(last, found, len(found.columns) + found.hidden - width, size[2] is not None, printed)

    @property
    def tied(self) -> str:
        """The expression, so that a method can be put to it."""
        simple = isinstance(ast.parse(self.expression, mode="eval").body, ast.Name | ast.Call | ast.Subscript)
        return self.expression if simple else f"({self.expression})"

    def cell(self, row: int, column: int) -> str:
        """The expression for one cell; a column below 0 is a level of the index."""
        if column < 0:
            return f"{self.tied}.index[{row}]" + (f"[{column + self.labels}]" if self.labels > 1 else "")
        return f"{self.tied}.iloc[{row}, {column}]" if self.frame else f"{self.tied}.iloc[{row}]"
