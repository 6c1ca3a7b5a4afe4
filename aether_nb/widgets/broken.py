"""The view of a run that went no further and never said so: the kernel died, or its record could not be written.

Nothing in it is on its way any more, so nothing may be told as running or as waiting for somebody. Makes a new view and
leaves the given one alone.
"""

from __future__ import annotations

from dataclasses import replace

from aether_nb.widgets.blocks import ENDED, Block, Card, Question, View

__all__ = ["halted"]


def halted(view: View, reason: str) -> View:
    """The view as it has to be told when nothing more will come.

    Args:
        view: A run without an outcome.
        reason: Why it went no further; empty when nobody knows.
    """
    plan = [replace(item, status="skipped") if item.status in ("pending", "active") else item for item in view.plan]
    blocks = {id: _halted(block) for id, block in view.blocks.items()}
    return replace(view, plan=plan, blocks=blocks, draft="", forming="", broken_off=reason)


def _halted(block: Block) -> Block:
    if isinstance(block, Card) and block.status in ("running", "waiting"):
        return replace(block, status="broken", live="", cut=0, progress=None)
    if isinstance(block, Card) and block.status == "proposed":
        return replace(block, status="skipped")
    if isinstance(block, Question) and not block.by:
        return replace(block, by=ENDED)
    return block
