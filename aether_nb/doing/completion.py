"""What TAB gives in a terminal: verbs, options, their values, and runs, models and profiles by their names.

The shell's side is argcomplete's: the script that ``aether completion bash`` prints asks the command itself each time,
so that nothing in it grows old. Nobody is asked and nothing is written; what cannot be read gives nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb import verbs
from aether_nb.doing.known import LISTED, Place, proposed, takes
from aether_nb.typed import every

if TYPE_CHECKING:
    from aether_nb.session.serving import Serving

__all__ = ["ASKED", "answer", "script"]

ASKED = "_ARGCOMPLETE"
"""The variable by which a shell asks, instead of somebody typing a command."""

FILES = ("FILE", "FILES", "FOLDER", "NOTEBOOK")
"""Words for what is found on the disk: the shell lists it as for any command."""

INSTALL = {
    "bash": 'eval "$(aether completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(aether completion zsh)"   # in ~/.zshrc, behind compinit',
    "fish": "aether completion fish | source   # in ~/.config/fish/config.fish",
}


def script(options: argparse.Namespace) -> str:
    """The script that makes a shell complete ``aether``, or the line by which each shell takes it in."""
    if not options.shell:
        return "\n".join(["One line, once:", *(f"  {line}" for line in INSTALL.values())])
    from argcomplete.shell_integration import shellcode

    return shellcode(["aether"], shell=options.shell)


def answer() -> None:
    """Answer the shell's question, and leave the process."""
    import argcomplete

    there = (verb for verb in verbs.VERBS if "terminal" in verb.faces)
    argcomplete.autocomplete(every(there, _completer), always_complete_options=False)


def _completer(option: verbs.Option) -> Any:
    """What argcomplete asks for the values of an option; None where it knows better: given choices, and files."""
    if option.choices or takes(option) in FILES:
        return None
    return lambda **_: proposed(option, _here)


def _here() -> Place:
    """The working directory."""
    return Place("terminal", _serving, Path.cwd(), _runs)


def _serving() -> Serving:
    """The models there are in the working directory, with what packages have added."""
    from aether_nb import plugins
    from aether_nb.config import load
    from aether_nb.session.serving import Serving

    plugins.load()
    return Serving(load(Path.cwd()), Path.cwd())


def _runs() -> Iterable[str]:
    from aether_nb.session.opening import open_record

    store = open_record()
    try:
        return [run.id for run in store.log.runs(LISTED)]
    finally:
        store.log.close()
