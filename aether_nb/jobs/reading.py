"""What YAML files say: the whole of one or nothing, by the fast reader where there is one.

It does not know what is asked of the fields.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from aether_nb.errors import OptionError

__all__ = ["yaml_in"]


def yaml_in(file: Path, what: str, most: int, *, hint: str = "", smaller: str = "") -> Any:
    """What a file says.

    Args:
        file: The file.
        what: What it should be, in a word.
        most: The bytes up to which it is read: half of a file says something else than the whole.
        hint: What is typed where it can be read.
        smaller: How it becomes smaller.

    Raises:
        OptionError: It cannot be read, or it is larger.
    """
    import yaml

    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
        if len(content) > most:
            size = max(file.stat().st_size, len(content))  # a pipe has none
            raise OptionError(
                f"{file} is too large for a {what}.", f"It has {size:,} bytes; {most:,} are read at most.", smaller
            )
        return _said(content.decode("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:  # a ValueError: a date that there is not
        raise OptionError(f"{file} is no {what}.", " ".join(str(error).split()), hint) from error


def _said(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, _loader())  # as safe as the other one, which it is made of
    except yaml.YAMLError:
        return yaml.safe_load(text)  # the slow one shows the faulty line, and knows letters that are written as halves


@cache
def _loader() -> Any:
    """The safe loader, with libyaml to take the text apart where it is installed.

    It is put together in Python all the same: libyaml's own way kills the process where brackets are nested too deeply.
    """
    import yaml
    from yaml.composer import Composer

    if not yaml.__with_libyaml__:
        return yaml.SafeLoader

    class Loader(Composer, yaml.CSafeLoader):
        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)

    return Loader
