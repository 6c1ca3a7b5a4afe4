"""How pictures are told: matplotlib's figures and axes, Pillow's images. It does not draw any of them."""

from __future__ import annotations

from typing import Any

from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import held
from aether_nb.live.describing.words import many, value_text

__all__ = ["axes", "figure", "image"]


def figure(value: Any, name: str, look: Look) -> Description:
    """A figure: how many axes it has, and their titles."""
    titles = [text for one in value.axes[:8] if (text := one.get_title())]
    count = f"{len(value.axes)} axes"
    return Description(
        f"{name}, {count}", sample=f", titles {', '.join(value_text(t, 80) for t in titles)}" * bool(titles)
    )


def axes(value: Any, name: str, look: Look) -> Description:
    """Axes: their title, what stands along them, and how much is drawn."""
    title, x, y = value.get_title(), value.get_xlabel(), value.get_ylabel()
    drawn = [many(len(found), noun) for found, noun in ((value.lines, "line"), (value.patches, "patch")) if found]
    texts = [f"{what} {value_text(text, 80)}" for what, text in (("title", title), ("x", x), ("y", y)) if text]
    return Description(", ".join([name, *drawn]), sample="".join(f", {text}" for text in texts))


def image(value: Any, name: str, look: Look) -> Description:
    """An image: its mode and size in pixels."""
    mode, size = held(value, "_mode"), held(value, "_size")
    if type(mode) is not str or type(size) is not tuple:
        return Description(name)
    return Description(f"{name}, {mode}, {'×'.join(map(value_text, size))} pixels")
