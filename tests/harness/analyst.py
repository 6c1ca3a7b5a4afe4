"""A whole conversation with the analyst, in this process: its code runs for real on frames in a plain dictionary.

The tools answer in the format of the real ones. Nothing here knows how the analyst works.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from aether_nb.events.messages import Message, Text, ToolCall, ToolSpec
from aether_nb.models.analyst import Analyst
from aether_nb.models.base import Reply, Request

TOOLS = (
    "plan",
    "list_variables",
    "inspect_variable",
    "run_python",
    "read_file",
    "list_files",
    "write_file",
    "ask_user",
)
mpl.use("Agg")
NOBODY = "nobody is there to answer"


def name_text(name: Any) -> str:
    """A name in the summary: as it is, or as a JSON string when it could confuse."""
    text = str(name)
    return text if re.fullmatch(r"\w+(?: \w+)*", text) else json.dumps(text)


def column_text(series: pd.Series, most: int) -> str:
    """The line of one column."""
    facts = [str(series.dtype)]
    share = float(series.isna().mean())
    if share:
        facts.append(f"{share * 100:.1f}% missing")
    known = series.dropna()
    distinct = known.nunique()
    if pd.api.types.is_datetime64_any_dtype(series):
        facts.append(f"{known.min():%Y-%m-%d} … {known.max():%Y-%m-%d}")
    elif distinct <= most and not pd.api.types.is_float_dtype(series):
        values = sorted(known.unique().tolist(), key=str)
        facts.append(f"{distinct} distinct: {', '.join(map(repr, values))}")
    elif pd.api.types.is_numeric_dtype(series):
        facts.append(f"{known.min()} … {known.max()}")
    else:
        facts.append(f"~{distinct} distinct, e.g. {', '.join(map(repr, known.unique().tolist()[:2]))}")
    return f"  - {name_text(series.name)}: {', '.join(facts)}"


def summary_text(namespace: Mapping[str, Any], most: int = 12, width: int = 10_000, named: int = 30) -> str:
    """The namespace summary; of columns beyond ``width`` only ``named`` names are told."""
    lines = [f"variables ({len(namespace)}):"]
    for name, value in namespace.items():
        if isinstance(value, pd.DataFrame):
            lines.append(f"- {name}: pandas.DataFrame, {len(value)} rows × {value.shape[1]} columns")
            lines += [column_text(value.iloc[:, at], most) for at in range(min(width, value.shape[1]))]
            left = [name_text(name) for name in value.columns[width:]]
            cut = "…" if len(left) > named else ""
            if left:
                lines.append(f"  - … {len(left)} more columns (names only): {', '.join(left[:named])}{cut}")
        else:
            lines.append(f"- {name}: {type(value).__name__} = {value!r}"[:200])
    return "\n".join(lines)


def value_text(value: Any) -> str:
    """The ``[value]`` section."""
    if isinstance(value, pd.DataFrame | pd.Series):
        indexed = not isinstance(value.index, pd.RangeIndex)
        shape = (
            f"{len(value)} rows × {value.shape[1]} columns" if isinstance(value, pd.DataFrame) else f"{len(value)} rows"
        )
        text = value.head(60).to_csv(index=indexed).rstrip("\n")
        more = f"\n… {len(value) - 60} more rows" if len(value) > 60 else ""
        return f"[value] {type(value).__name__}, {shape}, as CSV:\n{text}{more}"
    return f"[value] {value!r}"


def run_code(code: str, namespace: dict[str, Any]) -> str:
    """Run code as a notebook would, and tell the result."""
    tree = ast.parse(code)
    ending = tree.body[-1] if tree.body else None
    last = ending if isinstance(ending, ast.Expr) else None
    if last is not None:
        tree.body.pop()
    out, value = io.StringIO(), None
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        exec(compile(tree, "<cell>", "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
    sections = [f"[stdout]\n{out.getvalue().rstrip()}"] if out.getvalue().strip() else []
    if value is not None:
        sections.append(value_text(value))
    if plt.get_fignums():
        sections.append(f"[figures] {len(plt.get_fignums())}")
        plt.close("all")
    return "\n".join(sections) or "done; there was nothing to show"


@dataclass
class Lab:
    """A conversation: the namespace, the answers a person gives, what was called and what was written.

    ``spoil`` may turn a call's result into another text (to deny it, or to let it fail).
    """

    frames: dict[str, Any]
    answers: list[str] = field(default_factory=list)
    spoil: Callable[[ToolCall, int], str | None] = lambda call, count: None
    earlier: tuple[Message, ...] = ()
    calls: list[ToolCall] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    width: int = 10_000

    def ask(self, prompt: str) -> str:
        """Ask, let the analyst work, and return its answer."""
        self.calls.clear()
        summary = Text(summary_text(self._visible(), width=self.width), "rows")
        self.messages = [*self.earlier, Message("user", (Text(prompt), summary))]
        for _ in range(30):
            reply = reply_to(tuple(self.messages))
            self.replies.append(reply)
            self.messages.append(reply.message)
            if not reply.message.calls:
                assert reply.finish == "stop"
                return reply.message.text
            for call in reply.message.calls:
                self.calls.append(call)
                self.messages.append(Message.of("tool", self._perform(call), call_id=call.id))
        raise AssertionError("the analyst does not come to an end")

    def codes(self) -> list[str]:
        """The code that was run."""
        return [call.arguments["code"] for call in self.calls if call.name == "run_python"]

    def _visible(self) -> dict[str, Any]:
        return {name: value for name, value in self.frames.items() if not name.startswith("_")}

    def _perform(self, call: ToolCall) -> str:
        spoilt = self.spoil(call, sum(other.name == call.name for other in self.calls))
        if spoilt is not None:
            return spoilt
        try:
            return self._done(call)
        except Exception as problem:  # noqa: BLE001 - whatever the code raises is what the analyst is told
            return f"error: {type(problem).__name__}: {problem}\ntraceback\nlook again"

    def _done(self, call: ToolCall) -> str:
        arguments = call.arguments
        if call.name == "plan":
            return "ok"
        if call.name == "list_variables":
            return summary_text(self._visible())
        if call.name == "inspect_variable":
            return summary_text({arguments["name"]: self.frames[arguments["name"]]}, 30, self.width)
        if call.name == "run_python":
            return run_code(arguments["code"], self.frames)
        if call.name == "ask_user":
            return self.answers.pop(0) if self.answers else NOBODY
        assert call.name == "write_file", call.name
        self.files[arguments["path"]] = self.frames[arguments["variable"]].copy()
        return f"wrote {arguments['path']} ({len(self.files[arguments['path']])} rows, 120 bytes)"


def reply_to(messages: tuple[Message, ...]) -> Reply:
    """One whole reply of the analyst; its deltas must add up to it."""

    async def collect() -> Reply:
        text, thinking, reply = "", "", None
        tools = tuple(ToolSpec(name, "", {}) for name in TOOLS)
        async for delta in Analyst().stream(Request(messages, tools)):
            assert reply is None, "the reply must be the last delta"
            text, thinking, reply = text + delta.text, thinking + delta.thinking, delta.reply
        assert reply is not None
        assert (reply.message.text, reply.message.thinking) == (text, thinking)
        return reply

    return asyncio.run(collect())
