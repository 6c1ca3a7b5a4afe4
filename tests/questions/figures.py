"""What a matplotlib figure shows, told from the marks in it, where a harness has more of it than its picture."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

__all__ = ["kinds_of"]


def kinds_of(figure: Any) -> tuple[str, ...]:
    """The kinds of plot in a figure: hist, bar, line, scatter, box, heatmap.

    Args:
        figure: A ``matplotlib.figure.Figure``.
    """
    found = {kind for axes in figure.axes for kind in _marks(axes)}
    return tuple(sorted(found))


def _marks(axes: Any) -> set[str]:
    from matplotlib.collections import PathCollection, QuadMesh

    kinds = set()
    if axes.images or any(isinstance(mark, QuadMesh) for mark in axes.collections):
        kinds.add("heatmap")
    if any(isinstance(mark, PathCollection) for mark in axes.collections):
        kinds.add("scatter")
    kinds.update("hist" if _touch(bars) else "bar" for bars in axes.containers if bars.patches)
    if not kinds and _whiskers(axes):
        return {"box"}
    drawn = [line for line in axes.lines if len(line.get_xdata()) > 2]
    kinds.update("scatter" if line.get_linestyle() in ("None", "", " ") else "line" for line in drawn)
    return kinds


def _touch(bars: Any) -> bool:
    """Whether bars stand wall to wall, as those of a histogram do."""
    edges = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars.patches]
    gaps = [abs(right[0] - left[1]) for left, right in pairwise(edges)]
    return len(edges) > 1 and max(gaps) < 1e-6 * max(1.0, abs(edges[-1][1] - edges[0][0]))


def _whiskers(axes: Any) -> bool:
    """Whether there are whiskers: lines of two points that stand upright or lie flat, as box plots draw them."""
    pairs = [line for line in axes.lines if len(line.get_xdata()) == 2]
    straight = [line for line in pairs if len(set(line.get_xdata())) == 1 or len(set(line.get_ydata())) == 1]
    return len(straight) >= 5
