"""Finding tools by words: when there are more than a model can be told of, it asks for those that it needs.

Okapi BM25 over names, descriptions and arguments (Robertson and Zaragoza, 2009). Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import Effect, Risk
from aether_nb.events.messages import Text, ToolSpec
from aether_nb.tools.base import Assessment, Care, Context, Result, Tool, Where

__all__ = ["FIND", "FindTools", "Index", "found_in", "on_demand", "searched", "tokens"]

FIND = "find_tools"
"""The name of the tool that finds tools."""

K1, B = 1.2, 0.75
"""The usual constants of BM25."""

NAME_COUNTS = 3
"""A word in a tool's name counts as often as so many in its description."""

MOST = 8
"""Tools that one search brings."""

WORD = re.compile(r"[^\W_]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LINE = re.compile(r"^`([A-Za-z0-9_-]{1,64})`", re.M)


def tokens(text: str) -> list[str]:
    """The words of a text, small, with a plural's s taken off; names are taken apart."""
    words = WORD.findall(CAMEL.sub(" ", text).casefold())
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words]


@dataclass
class Index:
    """The words of many tools.

    Args:
        specs: The tools.
    """

    specs: Sequence[ToolSpec]

    @cached_property
    def _words(self) -> tuple[list[Counter[str]], list[int], dict[str, list[int]]]:
        """Each tool's words, how many they are, and which tools have a word; counted at the first search."""
        counts, holds = [], dict[str, list[int]]()
        for number, spec in enumerate(self.specs):
            counted = Counter(tokens(f"{spec.description} {' '.join(_arguments(spec.parameters))}"))
            for word in tokens(spec.name):
                counted[word] += NAME_COUNTS
            counts.append(counted)
            for word in counted:
                holds.setdefault(word, []).append(number)
        return counts, [counted.total() for counted in counts], holds

    def search(self, query: str, most: int = MOST) -> list[ToolSpec]:
        """The tools that fit, the best first; nothing when no word is known.

        Args:
            query: Words.
            most: How many at most.
        """
        scores: dict[int, float] = {}
        counts, lengths, holds = self._words
        total, mean = len(self.specs), sum(lengths) / max(1, len(lengths))
        for word in dict.fromkeys(tokens(query)):
            holders = holds.get(word, [])
            weight = math.log(1 + (total - len(holders) + 0.5) / (len(holders) + 0.5))
            for number in holders:
                often = counts[number][word]
                long = 1 - B + B * lengths[number] / mean
                scores[number] = scores.get(number, 0.0) + weight * often * (K1 + 1) / (often + K1 * long)
        best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        return [self.specs[number] for number, _ in best[:most]]


def _arguments(schema: Mapping[str, Any]) -> Iterable[str]:
    properties = schema.get("properties")
    return map(str, properties) if isinstance(properties, Mapping) else ()


def found_in(text: str) -> frozenset[str]:
    """The names of tools that a search's answer lists."""
    return frozenset(LINE.findall(text))


@dataclass(frozen=True)
class FindTools:
    """The tool that finds others by words, and by that makes them callable.

    Args:
        index: All that can be found.
        sources: How many tools each server has, by its name, and how many were registered.
    """

    index: Index
    sources: Mapping[str, int]
    where: Where = "loop"
    together: bool = True
    reads: bool = True
    risk: Risk = "low"
    effect: Effect = "pure"
    care: Care = field(default_factory=lambda: Care(version="1"))

    @cached_property
    def names(self) -> frozenset[str]:
        """The tools that a model is told of only when it has found them."""
        return frozenset(spec.name for spec in self.index.specs)

    @property
    def spec(self) -> ToolSpec:
        """What a model is told."""
        has = ", ".join(f"{name} ({count})" for name, count in list(self.sources.items())[:30])
        more = ", …" if len(self.sources) > 30 else ""
        words = f"Find more tools by words; what is found can be called from your next step on. {has}{more}."
        query = {"type": "string", "description": "What the tool should do, in a few words."}
        schema = {
            "type": "object",
            "properties": {"query": query},
            "required": ["query"],
            "additionalProperties": False,
        }
        return ToolSpec(FIND, words, schema, source=has)  # servers are called what somebody has called them

    def assess(self, arguments: Mapping[str, Any], context: Context) -> Assessment:
        """It only looks."""
        return Assessment(self.risk, self.effect, (), "looks for tools")

    def purpose(self, arguments: Mapping[str, Any]) -> str:
        """What is looked for."""
        return f"looks for tools: {str(arguments.get('query', ''))[:80]}"

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Words, and nothing else."""
        if not isinstance(arguments.get("query"), str) or len(arguments) != 1:
            raise RepairableToolError(f"{FIND} takes query: a few words.")
        return dict(arguments)

    async def run(self, arguments: Mapping[str, Any], context: Context) -> Result:
        """The tools that fit, a line each."""
        found = self.index.search(arguments["query"])
        if not found:
            return Result(
                (Text(f"No tool fits. There are those of {', '.join(self.sources)}. Try other words.", "output"),)
            )
        lines = [f"`{spec.name}` {' '.join(spec.description.split())[:200]}" for spec in found]
        return Result((Text("\n".join(lines), "output"),))


def on_demand(tools: Mapping[str, Tool], sources: Mapping[str, str], most: int) -> dict[str, Tool]:
    """The tools, with the one that finds some of them when those are too many for a model to be told of.

    Args:
        tools: All tools, by name.
        sources: Where those come from that may be searched for, by the tool's name.
        most: How many of them are told of without a search.
    """
    many = {name: where for name, where in sources.items() if name in tools}
    if len(many) <= most:
        return dict(tools)
    index = Index([tools[name].spec for name in many])
    return {FIND: FindTools(index, Counter(many.values())), **tools}


def searched(tools: Mapping[str, Tool]) -> frozenset[str]:
    """The names of those that a model is told of only when it has found them."""
    finder = tools.get(FIND)
    return finder.names if isinstance(finder, FindTools) else frozenset()
