"""Tool calls in the words of a model: found while the words arrive, and kept out of what is shown.

A call stands in a fenced ``tool_call`` block, in ``<tool_call>`` tags, in ``<function=NAME>`` tags, in a ``json`` block
that is nothing but a call, or the whole answer is one. What may become a call is held back until it is decided; every
decision is made from what came before it, so it does not matter how the words were cut. What is no call is text, to the
letter. Pure; this module knows no model and asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from aether_nb.events.messages import ToolCall
from aether_nb.models.words.callblock import FUNCTION, FUNCTION_BEGUN, Block
from aether_nb.models.words.callwords import Schema, may_be_call

__all__ = ["ToolWords"]

MARK = re.compile(r"`{3,}|<tool_call>|<function=|</think>|<tool_result|<tool_response>")
MARK_BEGUN = re.compile(r"(?:`{1,2}|<[/a-z_]{0,13})$")
FENCE = re.compile(r"(`{3,})([^`\n{\[]*)")
CALL_INFO = re.compile(r"tool[_-]?calls?")
LOOSE_INFO = ("", "json", "tool", "tool_code")
TAG = re.compile(r"<tool_call>([ \t]*\n)?\s*")

LONGEST_INFO = 60
"""How many characters may stand behind a fence before it is taken for one of code."""

LONGEST_GLANCE = 1024
"""When more than this is held back, it is looked at again only after it has grown by a quarter."""


class ToolWords:
    """Reads one answer, piece by piece.

    Args:
        tools: The tools there are, with the schemas of their arguments.
        unmarked: Whether JSON that nothing marks as a call may be one.

    Attributes:
        calls: The calls so far.
        faults: What is wrong with each block that cannot be read.
        sound: What was said before the first of them.
        cut: The end of the answer was cut off inside a call, which is left out.
        invented: The model went on to write a tool's result itself; from there on nothing is taken.
    """

    def __init__(self, tools: Mapping[str, Schema], unmarked: bool = True) -> None:
        self.calls: list[ToolCall] = []
        self.faults: list[str] = []
        self.cut = self.invented = False
        self.sound = ""
        self._tools, self._unmarked = tools, unmarked
        self._rest = ""
        self._mode: Callable[[], bool] = self._begin
        self._block: Block | None = None
        self._ticks = self._patience = 0
        self._end = False
        self._said: list[str] = []
        self._new: list[str] = []
        self._shown: list[str] = []
        self._space = self._last = ""
        self._fresh = True

    @property
    def text(self) -> str:
        """What was said beside the calls."""
        return "".join(self._said)

    @property
    def found(self) -> bool:
        """Whether there was anything but text."""
        return bool(self.calls or self.faults or self.cut)

    def feed(self, piece: str) -> tuple[str, str]:
        """Take a piece of the answer, cut anywhere; what can be shown already: text, and a call taking shape."""
        if not self._rest and "`" not in piece and "<" not in piece and self._mode == self._text:
            self._tell(piece)  # most pieces by far: nothing begins in them
            return self._news()
        self._rest += piece
        return ("", "") if len(self._rest) < self._patience else self._run()

    def close(self, cut: bool = False) -> tuple[str, str]:
        """Take the end of the answer; what was held back and can be shown now.

        Args:
            cut: The answer broke off, so that a call at its end may not be what was meant.
        """
        self._end = True
        text, shown = self._run()
        if self._block is not None:
            self._finish(self._block, cut)
        if not self.found and self._space:
            self._new.append(self._space)
        more, late = self._run()
        return text + more, shown + late

    def _run(self) -> tuple[str, str]:
        while self._rest and self._mode():
            pass
        held = len(self._rest)
        self._patience = held + held // 4 if held > LONGEST_GLANCE else 0
        return self._news()

    def _news(self) -> tuple[str, str]:
        text = shown = ""
        if self._new:
            text = "".join(self._new)
            self._said.append(text)
            self._new.clear()
        if self._shown:
            shown = "".join(self._shown)
            self._shown.clear()
        return text, shown

    # ---- what is said. Each of these looks at what is left, and tells whether there is more to do now.

    def _say(self, length: int) -> bool:
        """Take so many characters as text."""
        self._tell(self._rest[:length])
        self._rest = self._rest[length:]
        return True

    def _tell(self, text: str) -> None:
        """Show a text; white space at its end waits, because none is shown before a call."""
        if not text:
            return
        if self._fresh or "\n" in text:
            self._fresh = not text.rpartition("\n")[2].strip()
        self._last = text[-1]
        text = self._space + text
        said = text.rstrip()
        self._space = text[len(said) :]
        if said:
            silent = not self._said and not self._new and self.found
            self._new.append(said.lstrip() if silent else said)

    def _begin(self) -> bool:
        """The beginning of the answer: all of it may be a call."""
        rest = self._rest.lstrip()
        space = len(self._rest) - len(rest)
        if not rest or (not self._end and "<think>".startswith(rest)):
            return self._end and self._say(len(self._rest))
        self._mode = self._text
        if rest.startswith("<think>"):
            self._mode = self._think
        elif self._unmarked and rest[0] in "{[":
            verdict = may_be_call(rest, self._tools)
            if verdict is None and not self._end:
                self._mode = self._begin
                return False
            if verdict:
                return self._open(space, Block(loose=True))
        return True

    def _think(self) -> bool:
        """Thinking inside the text: nothing in it is a call."""
        end = self._rest.find("</think>")
        if end < 0:
            self._say(len(self._rest) if self._end else max(0, len(self._rest) - len("</think>")))
            return False
        self._mode = self._begin
        return self._say(end + len("</think>"))

    def _text(self) -> bool:
        """Plain text, up to where something may begin."""
        found = MARK.search(self._rest)
        if found is None:
            begun = None if self._end else MARK_BEGUN.search(self._rest)
            self._say(begun.start() if begun else len(self._rest))
            return False
        if found.start():
            return self._say(found.start())
        if found[0][0] == "`":
            return self._fence()
        if self._last == "`":
            return self._say(len(found[0]))
        if found[0] == "</think>":
            self._mode = self._begin
            return self._say(len(found[0]))
        if found[0] == "<tool_call>":
            return self._tag()
        if found[0] == "<function=":
            return self._function()
        if not self.found:
            return self._say(len(found[0]))
        self.invented, self._mode = True, self._drop
        return True

    def _drop(self) -> bool:
        self._rest = ""
        return False

    def _code(self) -> bool:
        """A block of code, up to the line that closes it."""
        line, newline, _ = self._rest.partition("\n")
        bare = line.strip()
        closing = self._fresh and not bare.strip("`")
        if closing and not newline and not self._end:
            return False
        if closing and len(bare) >= self._ticks:
            self._mode = self._text
        return self._say(len(line) + len(newline))

    # ---- how a block begins

    def _fence(self) -> bool:
        """A fence: of a call, of JSON that may be one, of code, or only mentioned."""
        found = FENCE.match(self._rest)
        assert found is not None
        ticks, info, end = len(found[1]), found[2], found.end()
        stop = self._rest[end : end + 1] if len(info) <= LONGEST_INFO else " "
        if not stop and not self._end:
            return False
        word = info.strip().lower()
        if CALL_INFO.fullmatch(word):
            ahead = self._rest[end:].lstrip()
            if not self._fresh and not ahead and not self._end:
                return False
            if stop != "`" and (ahead[:1] in ("{", "[") or (self._fresh and stop in ("", "\n"))):
                return self._open(end, Block(ticks=ticks))
        if not self._fresh or stop == "`":
            return self._say(ticks)
        if self._unmarked and word in LOOSE_INFO and stop in ("\n", "{", "["):
            verdict = may_be_call(self._rest[end:], self._tools)
            if verdict is None and not self._end:
                return False
            if verdict:
                end += len(self._rest[end:]) - len(self._rest[end:].lstrip())
                return self._open(end, Block(loose=True, ticks=ticks))
        self._mode, self._ticks = self._code, ticks
        return self._say(end)

    def _tag(self) -> bool:
        """A tag: of a call, or only mentioned."""
        found = TAG.match(self._rest)
        assert found is not None
        ahead = self._rest[found.end() :]
        if (self._fresh and found[1]) or (self._end and not ahead):
            return self._open(found.end(), Block())
        if not self._end and (not ahead or "<function=".startswith(ahead) or "```".startswith(ahead)):
            return False
        if ahead.startswith(("{", "[", "<function=", "```")):
            return self._open(found.end(), Block())
        return self._say(len("<tool_call>"))

    def _function(self) -> bool:
        """A tag that names the tool; its arguments follow, or none."""
        if found := FUNCTION.match(self._rest):
            return self._open(found.end(), Block(function=found[1]))
        if not self._end and FUNCTION_BEGUN.fullmatch(self._rest):
            return False
        return self._say(len("<function="))

    def _open(self, length: int, block: Block) -> bool:
        """Begin a block behind so many characters."""
        block.raw.append(self._rest[:length])
        self._rest = self._rest[length:]
        self._block, self._mode = block, self._inside
        if not block.loose:
            self._shown.append(("\n" if self.calls else "") + (f"{block.function} " if block.function else ""))
        return True

    # ---- how it goes on and ends

    def _inside(self) -> bool:
        """Inside a block; its JSON is shown as it takes shape when it is marked as a call."""
        block = self._block
        assert block is not None
        before = len(block.body)
        taken = block.step(self._rest, self._end)
        if taken < 0:
            return False
        self._rest = self._rest[taken:]
        if not block.loose:
            self._shown += block.body[before:]
        if block.done:
            self._finish(block, cut=False)
        return True

    def _finish(self, block: Block, cut: bool) -> None:
        """Take the calls of a block that has ended, or give it back as the text that it is."""
        self._block, self._mode = None, self._text
        over = self._end and not self._rest
        try:
            calls = block.calls(self._tools, cut, over)
        except ValueError as error:
            if cut:
                self.cut = True
            else:
                self.sound = self.sound if self.faults else self.text + "".join(self._new)
                self.faults.append(str(error))
        else:
            self.calls += calls
            if not calls and block.loose:
                self._tell("".join(block.raw))
                if block.ticks and not block.closed:
                    self._mode, self._ticks = self._code, block.ticks
                return
            if block.loose:
                self._shown.append("".join(block.body))
        self._fresh, self._last = True, ""
        self._space += block.behind if "\n" in block.behind or not self._space else ""
