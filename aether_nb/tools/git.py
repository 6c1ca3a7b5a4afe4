"""``git``: look at the repository that the working folder belongs to, and commit to it.

Commands that only read run without a question, unless the repository's own configuration makes git start programs. It
does not know any other command: those are for ``shell``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare
from aether_nb.tools.programs import run_program

__all__ = ["git"]

QUIET = ("-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "color.ui=false", "--no-optional-locks")
READS: dict[str, tuple[str, ...]] = {
    "status": ("--short", "--branch"),
    "diff": ("--no-ext-diff", "--no-textconv"),
    "log": ("--no-ext-diff", "--no-textconv", "--max-count=50"),
    "show": ("--no-ext-diff", "--no-textconv"),
    "blame": (),
    "branch": ("--list",),
    "ls-files": (),
}
"""The commands that only read, each with the options that keep it from starting other programs."""
WRITES = ("add", "commit")
HARMFUL = re.compile(
    r"^--?(output|ext-diff|textconv|exec|upload-pack|open-files|contents|d$|D$|m$|M$|c$|C$|f$|delete|move|copy|force|edit|set-|unset-|no-index)"
)
"""Options that write a file or start a program, whatever the command."""
STARTS = re.compile(
    r"^\s*\[(filter|diff|include|includeif)\b|^\s*(external|command|clean|smudge|process|textconv)\s*=", re.I | re.M
)
"""Lines of a configuration that make git start programs when it only reads."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """Reading is harmless where the repository's configuration starts nothing; the rest is asked about."""
    command, options = arguments["command"], list(arguments.get("arguments") or ())
    line = " ".join(["git", command, *options])
    if command in WRITES:
        reasons = (
            "it changes the repository",
            *(("a commit runs the repository's hooks",) if command == "commit" else ()),
        )
        return Assessment("high", "external", reasons, f"runs: {line}")
    if command not in READS:
        known = ", ".join((*READS, *WRITES))
        raise RepairableToolError(f"This tool does not know git {command}.", f"It knows: {known}.", "Use shell.")
    if bad := next((option for option in options if HARMFUL.match(option)), ""):
        return Assessment("high", "external", (f"{bad} may write a file or start a program",), f"runs: {line}")
    if _starts_programs(context.workspace):
        reasons = ("the repository's own configuration makes git start other programs",)
        return Assessment("high", "external", reasons, f"runs: {line}")
    return Assessment("low", "pure", effect_text=f"runs: {line}")


@declare(
    judge=judge, where="loop", title=lambda call: " ".join(("git", call["command"], *(call.get("arguments") or ())))
)
async def git(command: str, context: Context, arguments: list[str] | None = None) -> Result:
    """Look at the repository (status, diff, log, show, blame, branch, ls-files), or change it (add, commit).

    Args:
        command: One of these.
        arguments: What follows it, each word an item.
    """
    words = ["git", *QUIET, command, *READS.get(command, ()), *(arguments or ())]
    ended = await run_program(words, context, seconds=60.0)
    if ended.code and not ended.stdout.strip():
        raise RepairableToolError(f"git {command} did not work.", ended.stderr.strip() or f"exit code {ended.code}")
    return Result((Text(ended.told(), "output"),), ({"text/plain": ended.stdout},) if ended.stdout.strip() else ())


def _starts_programs(folder: Path) -> bool:
    """Whether the configuration of the repository above a folder may; unknown is yes."""
    for place in (folder, *folder.parents):
        dot = place / ".git"
        if dot.is_dir():
            try:
                return bool(STARTS.search((dot / "config").read_text(errors="replace")))
            except OSError:
                return True
        if dot.exists():  # a worktree or a submodule: its configuration lies elsewhere
            return True
    return False
