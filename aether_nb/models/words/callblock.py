"""The inside of a block of tool calls in a model's words: where it ends, wherever the words are cut.

A block ends with its fence or its tag. Models forget either, write half of one, or write both, so the JSON itself is
followed: what stands in one of its strings ends nothing. Pure; which words begin a block is ``toolwords``' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aether_nb.events.messages import ToolCall
from aether_nb.models.words.callwords import Balance, Schema, is_meant, loosely, wanted, wanted_of

__all__ = ["FUNCTION", "FUNCTION_BEGUN", "Block"]

FUNCTION = re.compile(r"<function=\s*([\w.:-]+)[>=(\s\[\]]*(?=\{|</function|<parameter=)")
FUNCTION_BEGUN = re.compile(r"<function=\s*[\w.:-]*[>=(\s\[\]]*(?:</?[a-z]*=?)?")
INNER = re.compile(r"(?:\s+|`{3,}\w+(?=\s)|<tool_call>)*")
INNER_BEGUN = re.compile(r"`+\w*|<[a-z_]*")
GAP = re.compile(r"[\s,;)\]}]*")
TAG_END = re.compile(r"</(?:tool_calls?|function)(?:>|(?=\s))")
TAG_ENDS = ("</tool_call>", "</tool_calls>", "</function>", "<tool_call>")
FENCE_END = re.compile(r"`{3,}(?=\s|$)")
SLIP = re.compile(r"<tool_call>\s*")
RAW_END = re.compile(r"\n[ \t]{0,8}`{3,}|</(?:tool_call|function)")
TAGS_END = re.compile(r"</(?:tool_call|function)")
WINDOW = 16
"""No end of an unreadable block begins earlier than so many characters before it is seen."""


@dataclass(slots=True)
class Block:
    """Something that is calls, or may be.

    Args:
        loose: Nothing marks it as calls, so it is text when it is none.
        ticks: How long the fence is that it is to be closed with; 0 where there is none.
        function: The tool that its tag names; what follows are the arguments alone.

    Attributes:
        whole: Its last value has ended.
        raw: All of it, as it was written.
        body: The JSON in it.
        behind: The white space behind it.
        closed: It was closed with a fence or a tag.
        done: It has ended.
    """

    loose: bool = False
    ticks: int = 0
    function: str = ""
    whole: bool = False
    raw: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    behind: str = ""
    closed: bool = False
    done: bool = False
    _fence: int = -1
    _balance: Balance = field(default_factory=Balance)
    _mode: Callable[[str, bool], int | None] | None = None

    def step(self, rest: str, end: bool) -> int:
        """Look at what comes next.

        Args:
            rest: What has come and was not taken yet.
            end: Nothing more will come.

        Returns:
            How many characters belong to the block; -1 when more has to come first.
        """
        if self._mode is None:
            self._fence = self.ticks
            self._mode = self._arguments if self.function else self._value if self.loose else self._inner
        taken = self._mode(rest, end)
        if taken is None:
            return -1
        self.raw.append(rest[:taken])
        return taken

    def calls(self, tools: Mapping[str, Schema], cut: bool, over: bool) -> list[ToolCall]:
        """The calls of a block that has ended.

        Args:
            tools: The tools there are, with the schemas of their arguments.
            cut: The answer broke off inside this block.
            over: The answer has ended with this block, or inside it.

        Returns:
            No call at all for a loose block that is text.

        Raises:
            ValueError: They cannot be read, or were cut off; says what is wrong.
        """
        body = "".join(self.body)
        if not self.whole:
            missing = None if cut else self._balance.missing
            if missing is None:
                if self.loose and not is_meant(body, tools):
                    return []
                raise ValueError("it breaks off inside a string")
            body += missing
        if self.loose:
            return loosely(body, tools) if self.closed or over else []
        return wanted_of(self.function, body, tools) if self.function else wanted(body, tools)

    # ---- each of these looks at what comes next; None: more has to come first

    def _inner(self, rest: str, end: bool) -> int | None:
        """Behind the opening: white space, and a second opening of another kind."""
        found = INNER.match(rest)
        taken = found.end() if found else 0
        tail = rest[taken:]
        if not end and (not tail or INNER_BEGUN.fullmatch(tail)):
            return None
        if "`" in rest[:taken]:
            self._fence = self._fence or 3
        if tail.startswith(("{", "[")):
            self._mode = self._value
            return taken
        if tail.startswith("<function="):
            return self._inner_function(taken, rest, end)
        return self._spoil(taken)

    def _inner_function(self, taken: int, rest: str, end: bool) -> int | None:
        if found := FUNCTION.match(rest, taken):
            self.function, self._mode = found[1], self._arguments
            return found.end()
        if not end and FUNCTION_BEGUN.fullmatch(rest, taken):
            return None
        return self._spoil(taken)

    def _arguments(self, rest: str, end: bool) -> int | None:
        """Behind a tag that names the tool: JSON, a tag for each argument, or nothing."""
        self._mode = self._value if rest.startswith("{") else self._raw
        return 0

    def _spoil(self, taken: int) -> int:
        """It is no JSON: take all up to something that looks like its end."""
        self.whole = False
        self._mode = self._raw
        return taken

    def _raw(self, rest: str, end: bool) -> int | None:
        """What is no JSON, up to the end of the block."""
        # The closing fence may be the first thing behind the opening one, whose line break is taken already.
        shift = 0 if self.body else 1
        found = (TAGS_END if self.function else RAW_END).search("\n" * shift + rest)
        if found is None:
            taken = len(rest) if end else max(0, len(rest) - WINDOW)
            if not taken:
                return None
        else:
            taken = max(0, found.start() - shift)
            self.whole, self._mode = True, self._after
        self.body.append(rest[:taken])
        return taken

    def _value(self, rest: str, end: bool) -> int | None:
        """Inside a JSON value."""
        past = self._balance.feed(rest)
        taken = past if past >= 0 else len(rest)
        self.body.append(rest[:taken])
        self.whole = past >= 0
        if self.whole:
            self.body.append(self._balance.missing or "")
            self._mode = self._after
        return taken

    def _after(self, rest: str, end: bool) -> int | None:
        """Behind a value: another one, the end of the block, or what does not belong to it."""
        found = GAP.match(rest)
        gap = found.end() if found else 0
        tail = rest[gap:]
        if not tail:
            return self._ended(rest, gap) if end else None
        if tail[0] in "{[" and not self.closed and not self.function:
            self.body.append("\n")
            self._balance, self.whole, self._mode = Balance(), False, self._value
            return gap
        closing = self._closing(tail, end)
        if closing is None or closing > 0:
            self.closed = self.closed or closing is not None
            return None if closing is None else gap + closing
        if self.closed or self.loose or "\n" in rest[:gap]:
            return self._ended(rest, gap)
        self.body.append(rest[:gap])
        return self._spoil(gap)

    def _closing(self, tail: str, end: bool) -> int | None:
        """How long the fence or tag is that closes the block here; 0 for none."""
        if tail[0] == "`" and self._fence:
            if not tail.strip("`"):
                return len(tail) if end else None
            if found := FENCE_END.match(tail):
                self._fence = 0
                return found.end()
            return 0
        if self.loose and self.ticks:
            return 0
        if found := TAG_END.match(tail):
            return found.end()
        if found := SLIP.match(tail):  # models forget its slash
            if found.end() == len(tail):
                return len(tail) if end else None
            return 0 if tail[found.end()] in "{[<`" else found.end()
        if any(tag.startswith(tail) for tag in TAG_ENDS):
            return len(tail) if end else None
        return 0

    def _ended(self, rest: str, gap: int) -> int:
        self.done = True
        self.behind = "".join([sign for sign in rest[:gap] if sign.isspace()])
        return gap
