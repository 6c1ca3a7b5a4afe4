"""``shell``: a command in the working folder. Nobody can tell what a command does, so each one is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare
from aether_nb.tools.programs import run_program

__all__ = ["shell"]

LONGEST_SECONDS = 3600.0


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """High, whatever the command: what it means is decided by programs that nobody here has read."""
    reasons = ("a command can do whatever you can: change and delete files, send data away",)
    return Assessment("high", "external", reasons, f"runs in {context.workspace}: {arguments['command']}")


@declare(judge=judge, where="loop", title=lambda call: f"Run {call['command']}")
async def shell(command: str, context: Context, seconds: float = 60.0) -> Result:
    """Run a shell command in the working folder. There is nobody who could type something into it.

    Variables that hold keys are taken out of its environment. What it leaves running in the background is ended.
    Prefer the other tools where one of them serves.

    Args:
        command: The command, as typed in a terminal.
        seconds: How long it may take; then it is ended.
    """
    if not command.strip() or "\0" in command:
        raise RepairableToolError("There is no command.")
    ended = await run_program(command, context, seconds=min(max(seconds, 1.0), LONGEST_SECONDS))
    return Result((Text(ended.told(), "output"),), _shown(ended.stdout, ended.stderr))


def _shown(*texts: str) -> tuple[Mapping[str, Any], ...]:
    return tuple({"text/plain": text} for text in texts if text.strip())
