"""What a hook answers: it is called, has its time, and its answer is checked. What it does wrong is its own failure.

What may become of an answer is the business of ``hooking``.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.agent.approvals import RISKS
from aether_nb.agent.hooks import ANSWERS, Hook
from aether_nb.errors import AetherError, RepairableToolError
from aether_nb.live.threads import Threads

__all__ = ["LONGEST", "TIMES", "Said", "Times", "asked", "left"]

LONGEST = 2_000
"""Characters of a reason, and of what went wrong, that are kept."""

THREADS = Threads(16, "aether-hook")
"""Where plain functions run; none is started before the first."""

logger = logging.getLogger(__name__)


@dataclass
class Times:
    """How often a hook was called in this process, and the seconds that this took."""

    calls: int = 0
    seconds: float = 0.0


TIMES: dict[str, Times] = {}
"""By the name of the hook."""


@dataclass(frozen=True)
class Said:
    """What a hook has answered, checked; ``fault`` is what went wrong, in words."""

    hook: Hook
    seconds: float
    answer: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def vetoes(self) -> bool:
        """Whether it refuses; a required one that failed does."""
        return "veto" in self.answer or bool(self.fault and self.hook.required)

    @property
    def why(self) -> str:
        """Its reason."""
        said = f"it failed, and it is required: {self.fault}" if self.fault else str(self.answer.get("veto") or "")
        return said[:LONGEST] or "it gave no reason"


async def asked(hook: Hook, facts: Mapping[str, Any]) -> Said:
    """Call a hook, which has its time, and check what it answers."""
    begun = time.monotonic()
    answer: Any = None
    fault = ""
    clock = asyncio.timeout(hook.timeout)
    try:
        async with clock:
            answer = await _value(hook, facts)
        answer = _checked(hook.event, answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a hook is anybody's, and may raise anything
        late = isinstance(error, TimeoutError) and clock.expired()
        said = str(error) if isinstance(error, AetherError) else f"{type(error).__name__}: {error}"
        fault, answer = f"it took longer than {hook.timeout:g} s" if late else said, {}
        logger.warning("the hook %s failed: %s", hook.name, fault)
    seconds = time.monotonic() - begun
    times = TIMES.setdefault(hook.name, Times())
    times.calls, times.seconds = times.calls + 1, times.seconds + seconds
    return Said(hook, seconds, answer or {}, fault)


async def _value(hook: Hook, facts: Mapping[str, Any]) -> Any:
    """What it returns; a plain function runs on a thread, so that it holds nobody up."""
    inner = getattr(hook.call, "func", hook.call)  # of a partial
    value = hook.call(facts) if inspect.iscoroutinefunction(inner) else await THREADS.run(lambda: hook.call(facts))
    return await value if inspect.isawaitable(value) else value


def _checked(event: str, answer: Any) -> Mapping[str, Any]:
    """An answer that can be used.

    Raises:
        RepairableToolError: It is none; says what is wrong with it.
    """
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise RepairableToolError(f"it answered {type(answer).__name__}, which is neither nothing nor an object")
    known = ANSWERS[event]
    for key, value in answer.items():
        if key not in known:
            may = f"{event} may answer {', '.join(known) or 'nothing'}"
            raise RepairableToolError(f"it answered {key!r}: {may}; nothing that it answers approves anything")
        if not FITS[key](value):
            raise RepairableToolError(f"its {key} cannot be {str(value)[:80]!r}")
    return answer


FITS: dict[str, Callable[[Any], bool]] = {
    "veto": lambda value: isinstance(value, str),
    "add": lambda value: isinstance(value, str),
    "result": lambda value: isinstance(value, str),
    "risk": lambda value: value in RISKS,
    "arguments": lambda value: isinstance(value, Mapping) and all(isinstance(name, str) for name in value),
    "mask": lambda value: isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value),
}
"""Whether a value can be an answer."""


async def left(hooks: Iterable[Hook], facts: Mapping[str, Any]) -> None:
    """Tell the hooks that a conversation is over. What they answer is nothing, and what they do wrong is logged."""
    ending = [hook for hook in hooks if hook.wants("session_end", "")]
    for hook in sorted(ending, key=lambda hook: hook.order):
        await asked(hook, {"event": hook.event, "hook": hook.name, **facts})
