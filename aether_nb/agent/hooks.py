"""Hooks: functions and commands that are called at six points of a run. They may alter and refuse, and never approve.

THE SIX HOOKS
    event           called                                  it is told                      it may answer
    session_start   before the first question of a kernel   prompt, model, mode             veto, add
                    or client
    before_model    before each request to a model          model, messages                 veto, add, mask
    after_model     when a reply has come                   model, text, calls, finish      veto, mask
    before_tool     before a call is judged and asked       tool, arguments, risk, effect,  veto, arguments, risk
                    about                                   purpose
    after_tool      when a call is over, before the model   as before_tool; result, failed  veto, result, mask
                    sees what came of it
    session_end     when the kernel or client is left       runs                            -

    veto        a reason. before_tool: the call is refused, and the model is told. after_tool: its result is withheld.
                before_model, after_model, session_start: the run ends; what was paid is recorded.
    arguments   all arguments of the call, instead of the model's. A person is asked about these, and approves these.
    risk        low, medium or high: the least that it is; what the house says of it is never lowered.
    result      a text instead of the result. It counts as free output, as if code had printed it.
    mask        a list of texts that are covered wherever they stand: in the conversation, the reply, or the result.
    add         a text that is said to the model from here on, once; as your word, or where data is limited, as output.

    Each is told event, hook, run and workspace besides. The rules about data, hidden columns, keys and the fence hold
    after hooks, where requests are made: no hook can send more. What a hook altered or refused, and that it failed, is
    an event of the record (hook.took; %aether trace): a run that goes on after a crash does not ask hooks again about
    what they have settled, and a replay asks none. Words that are streamed are shown before after_model has seen them.

IN PYTHON
    from aether_nb import hook

    @hook("before_tool", match="shell|write_*", order=10, timeout=5)
    def no_prod(call):
        if "prod" in str(call["arguments"]):
            return {"veto": "nothing is done to prod from here"}

    In a cell it holds from the next run on; the same name replaces it. A plugin says house.register("hook", "no-prod",
    Hook("before_tool", no_prod)). It returns None or a dict. An async function runs on the agent's loop, another one
    on a thread. complete(), and the one repair of an answer that is no value of its type, call no hook.

AS A COMMAND, in aether.toml
    [hooks.no-prod]
    event = "before_tool"
    command = ["python", "check.py"]     # told as JSON on its standard input; in the folder of that aether.toml, and
                                         # without your keys; ${workspaceFolder} is the project's folder
    match = "shell|write_*"              # names of tools
    order = 10                           # small numbers first
    timeout = 5                          # seconds; 10 when left out
    required = true                      # when it fails, that is a veto

    exit code 0     go on; what it prints, if anything, is a JSON object with answers
    exit code 2     veto; what it prints to standard error is the reason
    other, timeout  the hook failed: that is said, and the run goes on; a required one counts as a veto

    One in a project's aether.toml is not run before you have read its line and agreed: %aether hooks enable NAME. A yes
    counts for that table as it stands, and the project's own files in its command. %aether hooks lists all; disable
    NAME takes one out.

TEN EVENTS TO OBSERVE, of a client: ai.on(EVENT, observer)
    request.start  request.complete  request.error                 each request to a model
    stream.start  stream.chunk  stream.complete  stream.error      each stream
    tool.start  tool.complete  tool.error                          each call of a tool

    Observers, async or not, look and change nothing; what one raises is logged and breaks nothing. One Bus may be
    shared: Aether(bus=bus).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, TypeVar, get_args

from aether_nb import plugins
from aether_nb.errors import OptionError
from aether_nb.events.kinds import HookPoint

__all__ = ["ANSWERS", "SECONDS", "Hook", "hook", "registered"]

F = TypeVar("F", bound=Callable[..., Any])

SECONDS = 10.0
"""How long a hook may take that says nothing else."""

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "session_start": ("veto", "add"),
    "before_model": ("veto", "add", "mask"),
    "after_model": ("veto", "mask"),
    "before_tool": ("veto", "arguments", "risk"),
    "after_tool": ("veto", "result", "mask"),
    "session_end": (),
}
"""What each may answer."""


@dataclass(frozen=True)
class Hook:
    """Something that is called at one point of a run.

    Args:
        event: One of the six points.
        call: Is told a mapping of JSON values, and returns None or a mapping of answers, or something to be awaited.
        match: Patterns of names of tools, as ``shell|write_*``; all when left out.
        order: Small numbers first; of equal ones that which was there before.
        timeout: Seconds; who takes longer has failed.
        required: Whether a failure is a veto.
        name: What people call it.
        source: Where it comes from.
        what: The command, as it was written; empty for a function.
        unused: Why it is not called, in words; empty when it is.

    Raises:
        OptionError: There is no such event, or a value makes no sense there.
    """

    event: str
    call: Callable[[Mapping[str, Any]], Any] = field(repr=False)
    match: str = "*"
    order: int = 0
    timeout: float = SECONDS
    required: bool = False
    name: str = ""
    source: str = ""
    what: str = ""
    unused: str = ""

    def __post_init__(self) -> None:
        """Check what was said."""
        points = get_args(HookPoint)
        if self.event not in points:
            raise OptionError(f"There is no hook {self.event!r}.", hint=f"There are: {', '.join(points)}.")
        if not isinstance(self.match, str) or not self.patterns:
            raise OptionError(f"match= cannot be {self.match!r}.", hint='Names of tools: match="shell|write_*"')
        if self.match != "*" and not self.event.endswith("_tool"):
            raise OptionError(f"A hook {self.event} is of no tool.", hint="Leave match out.")
        if isinstance(self.order, bool) or not isinstance(self.order, int):
            raise OptionError(f"order= cannot be {self.order!r}.", hint="A whole number; small ones come first.")
        number = isinstance(self.timeout, int | float) and not isinstance(self.timeout, bool)
        if not number or not 0 < self.timeout <= 3600:
            raise OptionError(f"timeout= cannot be {self.timeout!r}.", hint="Seconds above 0, an hour at most.")
        if not isinstance(self.required, bool) or (self.required and "veto" not in ANSWERS[self.event]):
            raise OptionError(f"A hook {self.event} cannot be required.", hint="Leave required out.")
        if not callable(self.call):
            raise OptionError("A hook is a function.", hint='@hook("before_tool") stands over one.')

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns in ``match``."""
        return tuple(one.strip() for one in re.split(r"[|,]", self.match) if one.strip())

    def wants(self, event: str, tool: str) -> bool:
        """Whether it is called there; ``tool`` is empty where it is about none."""
        return self.event == event and (not tool or any(fnmatchcase(tool, pattern) for pattern in self.patterns))


def hook(
    event: str,
    *,
    match: str = "*",
    order: int = 0,
    timeout: float = SECONDS,
    required: bool = False,
    name: str = "",
) -> Callable[[F], F]:
    """Have a function called at one point of every run from now on; ``%aether help hooks`` has the table.

    Args:
        event: session_start, before_model, after_model, before_tool, after_tool or session_end.
        match: Patterns of names of tools, as ``"shell|write_*"``; all when left out.
        order: Small numbers first.
        timeout: Seconds; who takes longer has failed.
        required: Whether a failure is a veto.
        name: What it is called; the function's name when left out. The same name replaces an earlier one.

    Raises:
        OptionError: There is no such event, or a value makes no sense there.
    """

    def decorate(function: F) -> F:
        called = name or getattr(function, "__name__", "")
        plugins.register("hook", called, Hook(event, function, match, order, timeout, required))
        return function

    return decorate


def registered() -> list[Hook]:
    """The hooks of cells, programs and plugins."""
    found = []
    for name, thing in plugins.found("hook").items():
        module = getattr(thing.call, "__module__", "") or ""
        found.append(replace(thing, name=name, source="this notebook" if module == "__main__" else module))
    return found


def fit(name: str, thing: Any) -> Hook:
    """The hook that a thing is.

    Raises:
        OptionError: It is none.
    """
    if not isinstance(thing, Hook):
        what, why = f"What is registered as the hook {name!r} is none.", f"It is a {type(thing).__name__}."
        raise OptionError(what, f"{why} It needs to know its event.", 'register("hook", NAME, Hook(EVENT, function))')
    return thing
