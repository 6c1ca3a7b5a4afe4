"""A figure is told by its marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from questions.figures import kinds_of

X = np.arange(60.0) ** 1.5
Y = np.sin(np.arange(60.0))


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (lambda axes: axes.hist(X), "hist"),
        (lambda axes: axes.bar(["a", "b", "c"], [3, 1, 2]), "bar"),
        (lambda axes: axes.barh(["a", "b", "c"], [3, 1, 2]), "bar"),
        (lambda axes: axes.plot(X, Y), "line"),
        (lambda axes: axes.scatter(X, Y), "scatter"),
        (lambda axes: axes.plot(X, Y, "o"), "scatter"),
        (lambda axes: axes.boxplot([X, X**2]), "box"),
        (lambda axes: axes.boxplot([X], patch_artist=True), "box"),
        (lambda axes: axes.imshow([[1, 2], [3, 4]]), "heatmap"),
        (lambda axes: axes.pcolormesh([[1, 2], [3, 4]]), "heatmap"),
    ],
)
def test_kind(draw: Callable[[Any], object], kind: str) -> None:
    """Each kind of plot is recognised, however it was drawn, and as nothing else."""
    figure = Figure()
    draw(figure.subplots())
    assert kinds_of(figure) == (kind,)
