"""Contrast of colours as WCAG 2.2 counts it, and the grounds on which a saved notebook is read."""

from __future__ import annotations

import re
from typing import TypeAlias

Colour: TypeAlias = tuple[float, ...]
"""Red, green and blue, each from 0 to 255."""

WORDS, SHAPES = 4.5, 3.0
"""What AA asks of words of ordinary size, and of signs."""

GREY = (128.0, 128.0, 128.0)

GROUNDS = {
    "paper": ("#ffffff", "#000000"),
    "Lab, light": ("#ffffff", "#212121"),
    "GitHub, light": ("#ffffff", "#24292f"),
    "Lab, dark": ("#111111", "#ffffff"),
    "VS Code, dark": ("#1f1f1f", "#cccccc"),
    "black": ("#000000", "#dddddd"),
}
"""The ground of a page, and the colour of its text."""


def read(colour: str) -> Colour:
    """``#1f883d`` as numbers."""
    return tuple(float(int(colour[at : at + 2], 16)) for at in (1, 3, 5))


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """``share`` of one, and the rest of the other, as ``color-mix(in srgb, …)`` and opacity do it."""
    return tuple(a * share + b * (1 - share) for a, b in zip(one, other, strict=True))


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 to 21."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def drawn(style: str, ground: Colour, text: Colour) -> Colour:
    """The colour in which words of an inline style appear, on this ground amid text of that colour."""
    shown = text
    if mixture := re.search(r"color:color-mix\(in srgb,currentColor (\d+)%,(#\w{6})\)", style):
        shown = mixed(text, read(mixture[2]), int(mixture[1]) / 100)
    elif fixed := re.search(r"(?<![-\w])color:(#\w{6})", style):
        shown = read(fixed[1])
    faint = re.search(r"opacity:([\d.]+)", style)
    return mixed(shown, ground, float(faint[1])) if faint else shown
