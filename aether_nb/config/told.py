"""All settings as one table for people and programs: what each means, may be, is, and who says so.

It is made from ``Settings`` alone; there is no second list.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from aether_nb.config import Settings, known
from aether_nb.config.address import shown

__all__ = ["Row", "meanings", "rows"]


class Row(NamedTuple):
    """One setting.

    ``source`` is call, environment, file or default; ``file`` the path of that file, else empty.
    """

    name: str
    variable: str
    default: Any
    value: Any
    source: str
    file: str
    allowed: str
    meaning: str


def rows(settings: Settings, where: Mapping[str, str]) -> list[Row]:
    """Every setting, in order.

    Args:
        settings: Those that hold.
        where: Who says so, as ``config.read`` tells it.
    """
    found = []
    for name, setting in known().items():
        said = where.get(name, "default")
        source = said if said in ("default", "call", "environment") else "file"
        value, default = _plain(getattr(settings, name)), _plain(setting.default)
        file = said if source == "file" else ""
        found.append(Row(name, setting.variable, default, value, source, file, setting.allowed, meanings()[name]))
    return found


@cache
def meanings() -> Mapping[str, str]:
    """What each setting means: the text below it in ``Settings``."""
    import ast
    import inspect

    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    told = [
        node.value.value
        for node in body.body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return dict(zip(known(), told, strict=True))


def _plain(value: Any) -> Any:
    """A value as it may be shown: of tables their names, of an address not its password."""
    if isinstance(value, Mapping):
        return sorted(value)
    return list(shown(value)) if isinstance(value, tuple) else shown(value)
