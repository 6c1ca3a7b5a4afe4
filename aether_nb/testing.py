"""The contract of a step, the guarantees that follow from it, and ``check_tool``: does a tool keep it?

WHAT A STEP MUST BE
    What comes next is decided by a pure function of the log. So that a run can be resumed, replayed and proven:

    deterministic   the schema of a tool, what it says of its arguments (``check``), what it says a call could do
                    (``judge``), and the texts made of the arguments. They read no clock, draw no number and act on
                    nothing; the same arguments in the same world give the same answer.
    may act         the tool's ``run``, and nothing else. It is begun in the log before it acts, finished after.
    may ask         ``run``, by ``context.ask``. The answer is recorded with the call.
    may look        ``verify``: did this exact call act? It changes nothing. True or its result: yes. False: no.
                    None: that cannot be told, and a person is asked.
    says            its effect: what is left behind when it has run.
    is hosted       (an agent of yours under ``@host``) the function, between two uses of the house: it is run again
                    from its start when its run goes on, and told what is recorded. No clock, no chance, no effect.
    fails           with a typed error: RepairableToolError (the model tries again), InterventionRequired (a person
                    decides), FatalToolError (the run ends).

    effect          what it leaves behind            after a crash in the midst of it
    pure            nothing                          done again
    idempotent      the same, however often          done again with the same ``context.key``
    namespace       variables of this kernel         done again, once the variables are restored
    external        something outside                never by itself: a person says, or verify, or on_doubt

WHAT IS GUARANTEED
    when                                what holds
    the kernel dies at any moment       what was committed stays; the run goes on from there; no model is paid twice
                                        for a reply that was received
    a call was begun and not finished   at most once outside: it is in doubt and shown, never silently repeated
    a hosted agent, run again, wants    AgentDrifted names both, before anything is done; the run stays open for a
    something else than is recorded     function that is mended
    two kernels want one run            one advances it; the other is told who and since when; a writer that was
                                        taken over is refused by the log
    a yes is given                      it counts for the exact call, and only in a record that this user's key seals
    a yes is given for this notebook    it counts in its later kernels, by your key, until %aether grants --revoke
    a signal is sent twice              it is heard once
    a run is resumed where nobody is    what AETHER_APPROVE allows goes on; a gate, a doubt, a question and a pause stay
                                        open: the run is parked and says what to type. One that is begun there gets a no
    stop is said to a run nobody holds  it is ended: what had begun outside is in doubt and named, the rest has failed
    the disk is full, or read-only      nothing of that append is kept, everything before it is; a typed error
    a record is changed, cut, reordered verify names the event; the notebook that shows the hash is a second witness
    somebody else writes in your record each event that you record seals the whole with your key: what is not sealed is
                                        shown, and performed only after a click, or with --anyway
    a run is replayed                   no effect, no model; where record and rules part, both are named
    a record comes from somebody else   it is shown; nothing of it is performed before one click; no yes in it counts;
                                        to resume or fork it takes --anyway, which makes it yours from there on

    What is not: whoever can write both the record and the notebook can write a new story, which your key does not seal;
    an older copy of your own record is yours, and what it had not done yet is done again; a tool that says a false
    effect is believed; code that runs in the kernel can do what the kernel can.

WHETHER A TOOL KEEPS IT
    >>> from aether_nb import tool
    >>> from aether_nb.testing import check_tool
    >>> @tool(risk="low", effect="pure")
    ... def vat(net: float, rate: float = 0.19) -> float:
    ...     '''Add the tax to a price.'''
    ...     return round(net * (1 + rate), 2)
    >>> [finding.law for finding in check_tool(vat, {"net": 100}) if finding.state == "broken"]
    []

The tool is really used: hand in arguments and a folder that may be spoiled.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from aether_nb.errors import RepairableToolError, ToolError
from aether_nb.events.kinds import Effect, Event, PlanItem, Risk
from aether_nb.live.keeping import Clock, content_hash
from aether_nb.tools.base import Assessment, Errand, Report, Result, Tool

__all__ = ["Finding", "check_tool"]

PATIENCE = 5.0
"""Seconds after which a tool that was cancelled and goes on does not hear of it."""

HASHING = 1.0
"""Seconds that looking at one variable may take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One law, whether the tool keeps it, and what was seen. ``untold``: it could not be tried."""

    law: str
    state: Literal["kept", "broken", "untold"]
    what: str = ""


def check_tool(
    tool: Tool,
    arguments: Mapping[str, Any],
    *,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | None = None,
    wrong: Iterable[Mapping[str, Any]] = (),
    answers: Iterable[str | None] = (),
    world: Callable[[], Any] = lambda: None,
) -> list[Finding]:
    """Look whether a tool keeps the contract of a step.

    Args:
        tool: The tool.
        arguments: Arguments that it should work with.
        namespace: The variables that it finds.
        workspace: The folder in which it may touch files; one that is thrown away when left out.
        wrong: Arguments with which it should fail, by a typed error.
        answers: What a person says when it asks.
        world: Tells how the world outside is, as a value that can be compared.
    """
    checker = _Checker(tool, arguments, dict(namespace or {}), tuple(wrong), list(answers), world)

    def work() -> list[Finding]:
        if workspace is not None:
            return asyncio.run(checker.findings(workspace.resolve()))
        with tempfile.TemporaryDirectory(prefix="aether-tool-") as name:
            return asyncio.run(checker.findings(Path(name).resolve()))

    found: list[Finding] = []
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            found.extend(work())
        except BaseException as error:  # noqa: BLE001  # it belongs to whoever has asked
            raised.append(error)

    thread = threading.Thread(target=guarded)  # a notebook has a loop of its own running
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return found


@dataclass
class _Context:
    """The house as a tool sees it while it is checked."""

    workspace: Path
    namespace: dict[str, Any]
    answers: list[str | None]
    call_id: str = "checked"
    key: str = "0" * 32
    effect: Effect = "external"
    plan: tuple[PlanItem, ...] = ()
    made: tuple[str, ...] = ()
    keeper: None = None
    undo: None = None
    knowledge: None = None
    misled: bool = False
    risk: Risk = "high"
    notebook: None = None

    @property
    def shell(self) -> Any:
        return SimpleNamespace(
            user_ns=self.namespace, user_ns_hidden={}, transform_cell=_unchanged, display_pub=_Nobody(), kernel=None
        )

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        return self.answers.pop(0) if self.answers else None

    def allows(self, text: str, options: tuple[str, ...]) -> str | None:
        return self.answers.pop(0) if self.answers else None

    def permits(self, risk: Risk, path: str = "") -> bool:
        return False

    def forbids(self, path: str = "", host: str = "") -> str:
        return ""

    async def spawn(self, errand: Errand) -> Report:
        return Report("checked", "done", "")

    def emit(self, event: Event) -> None:
        """Nobody watches."""

    def leave(self, outputs: tuple[Mapping[str, Any], ...], events: tuple[Event, ...]) -> None:
        """Nobody keeps it."""

    async def main(self, function: Callable[[], Any]) -> Any:
        value = function()
        return await value if inspect.isawaitable(value) else value


class _Nobody:
    def publish(self, data: Mapping[str, Any], **more: Any) -> None:
        """Nobody looks."""


def _unchanged(code: str) -> str:
    return code


@dataclass
class _Checker:
    tool: Tool
    arguments: Mapping[str, Any]
    namespace: dict[str, Any]
    wrong: tuple[Mapping[str, Any], ...]
    answers: list[str | None]
    world: Callable[[], Any]
    context: _Context = field(init=False)

    async def findings(self, workspace: Path) -> list[Finding]:
        """All of them, in the order of the contract."""
        self.context = _Context(workspace, self.namespace, self.answers)
        found = list(self._schema())
        if any(finding.state == "broken" for finding in found):
            return found
        self.checked = self.tool.check(self.arguments)
        before = self._judged(found)
        found.append(await self._verified("before", expected=False, ran=False))
        ran = await self._ran(found, before)
        found.append(await self._verified("after", expected=True, ran=ran))
        found.append(await self._cancelled())
        found += [await self._refused(wrong) for wrong in self.wrong]
        return found

    def _schema(self) -> Iterator[Finding]:
        spec, law = self.tool.spec, "schema"
        try:
            json.dumps(spec.parameters)
            named = bool(spec.name and spec.description and spec.parameters.get("type") == "object")
            yield Finding(law, "kept" if named else "broken", "" if named else "name, description or type is missing")
            first, again = (self.tool.check(self.arguments) for _ in range(2))
            same = json.dumps(first, sort_keys=True) == json.dumps(again, sort_keys=True)
            yield Finding("check", "kept" if same else "broken", "" if same else "it gives other arguments each time")
        except RepairableToolError as error:
            yield Finding("check", "broken", f"it refuses the arguments: {error}")
        except Exception as error:  # noqa: BLE001  # a tool of anybody's
            yield Finding("check", "broken", f"it raised {type(error).__name__}: {error}")
        yield self._strict()

    def _strict(self) -> Finding:
        try:
            self.tool.check({**self.arguments, "there_is_no_such_argument": 1})
        except RepairableToolError:
            return Finding("unknown arguments", "kept")
        except Exception as error:  # noqa: BLE001  # a tool of anybody's
            return Finding("unknown arguments", "broken", f"it raised {type(error).__name__}, which is not typed")
        return Finding("unknown arguments", "broken", "it takes an argument that it does not know")

    def _judged(self, found: list[Finding]) -> Assessment | None:
        before = self._state()
        try:
            first, again = (self.tool.assess(self.checked, self.context) for _ in range(2))
        except RepairableToolError as error:
            found.append(Finding("judge", "untold", f"it refuses the call: {error}"))
            return None
        except Exception as error:  # noqa: BLE001  # what cannot be judged is high
            found.append(Finding("judge", "broken", f"it raised {type(error).__name__}: {error}"))
            return None
        acted, same = self._state() != before, first == again
        what = "it acts while it judges" if acted else "" if same else "it judges the same call in two ways"
        found.append(Finding("judge", "broken" if what else "kept", what))
        return first

    async def _ran(self, found: list[Finding], judged: Assessment | None) -> bool:
        effect = judged.effect if judged else "external"
        before = self._state()
        if not await self._once(found):
            return False
        after = self._state()
        if effect == "pure":
            said = "" if before == after else f"it says that it is pure, and changed {_differs(before, after)}"
            found.append(Finding("pure", "broken" if said else "kept", said))
        elif effect == "namespace":
            said = "" if before[1:] == after[1:] else "it says that it touches variables only, and changed more"
            found.append(Finding("namespace", "broken" if said else "kept", said))
        elif effect == "idempotent" and await self._once(found):
            again = self._state()
            said = "" if after == again else f"the second time with the same key changed {_differs(after, again)}"
            found.append(Finding("idempotent", "broken" if said else "kept", said))
        return True

    async def _once(self, found: list[Finding]) -> bool:
        try:
            result = await self.tool.run(self.checked, self.context)
        except ToolError as error:
            found.append(Finding("run", "untold", f"it failed with these arguments: {error}"))
            return False
        except Exception as error:  # noqa: BLE001  # a tool of anybody's
            found.append(Finding("run", "broken", f"it raised {type(error).__name__}: {error}, which is not typed"))
            return False
        sound = isinstance(result, Result) and bool(result.parts)
        found.append(Finding("run", "kept" if sound else "broken", "" if sound else "it says nothing to the model"))
        return True

    async def _verified(self, when: str, *, expected: bool, ran: bool) -> Finding:
        law, verify = f"verify {when}", self.tool.care.verify
        if verify is None:
            return Finding(law, "untold", "it has no verify")
        before = self._state()
        try:
            said = verify(self.checked, self.context)
            said = await said if inspect.isawaitable(said) else said
        except Exception as error:  # noqa: BLE001  # a verifier of anybody's
            return Finding(law, "broken", f"it raised {type(error).__name__}: {error}")
        if self._state() != before:
            return Finding(law, "broken", "it acts while it looks")
        if said is None or (expected and not ran):
            return Finding(law, "untold", "it could not tell" if said is None else "the call did not run")
        acted = said is not False
        told = f"it says that the call {'acted' if acted else 'did not act'}, and it is the other way round"
        return Finding(law, "kept" if acted == expected else "broken", "" if acted == expected else told)

    async def _cancelled(self) -> Finding:
        if self.tool.where != "loop":
            return Finding("cancellation", "untold", f"it runs on the {self.tool.where}, where Stop interrupts it")
        running = asyncio.ensure_future(self.tool.run(self.checked, self.context))
        await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=PATIENCE)
        if not done:
            return Finding("cancellation", "broken", f"it went on for more than {PATIENCE:g} s after it was stopped")
        if running.cancelled():
            return Finding("cancellation", "kept")
        error = running.exception()
        return Finding("cancellation", "untold", f"it was over before ({type(error).__name__ if error else 'done'})")

    async def _refused(self, wrong: Mapping[str, Any]) -> Finding:
        law = f"error for {json.dumps(dict(wrong), default=str)}"
        try:
            await self.tool.run(self.tool.check(wrong), self.context)
        except ToolError:
            return Finding(law, "kept")
        except Exception as error:  # noqa: BLE001  # a tool of anybody's
            return Finding(law, "broken", f"it raised {type(error).__name__}: {error}, which is not typed")
        return Finding(law, "broken", "it did not fail")

    def _state(self) -> tuple[Any, Any, Any]:
        """How variables, files and the world are."""
        names = {name: (id(value), _content(value)) for name, value in self.namespace.items()}
        root = self.context.workspace
        files = {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
            for file in sorted(root.rglob("*"))
        }
        return names, files, self.world()


def _content(value: Any) -> str:
    return content_hash(value, Clock.of(HASHING))


def _differs(before: tuple[Any, ...], after: tuple[Any, ...]) -> str:
    """Which of variables, files and the world is another one."""
    parts = zip(("variables", "files", "the world"), before, after, strict=True)
    return ", ".join(name for name, was, now in parts if was != now)
