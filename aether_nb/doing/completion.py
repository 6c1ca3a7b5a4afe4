"""What TAB gives in a terminal: verbs, options, their values, and runs, models and profiles by their names.

The shell's side is argcomplete's: the script that ``aether completion bash`` prints asks the command itself each time,
so that nothing in it grows old. Nobody is asked and nothing is written; what cannot be read gives nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aether_nb import verbs
from aether_nb.cell.completing import LISTED, profiles_of, takes
from aether_nb.errors import AetherError
from aether_nb.typed import every

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
    """What argcomplete asks for the values of an option; None for files."""
    if option.choices or takes(option) in FILES:
        return None
    known = _KNOWN.get(takes(option), tuple)

    def values(**_: Any) -> list[str]:
        try:
            return list(known())
        except AetherError:
            return []  # what is wrong is said by the verb itself

    return values


def _models() -> Iterable[str]:
    from aether_nb.config import load as settings_of
    from aether_nb.models.catalogue.providers import ANALYST, load
    from aether_nb.registry import names

    settings = settings_of(Path.cwd())
    providers = load([settings.providers])
    said = [settings.model] if settings.model else []
    return [*said, ANALYST, *names("model"), *(f"{name}:" for name in providers.names())]


def _providers() -> Iterable[str]:
    from aether_nb.config import load as settings_of
    from aether_nb.models.catalogue.providers import load

    return load([settings_of(Path.cwd()).providers]).names()


def _runs() -> Iterable[str]:
    from aether_nb.session.opening import open_record

    store = open_record()
    try:
        return [run.id for run in store.log.runs(LISTED)]
    finally:
        store.log.close()


def _profiles() -> Iterable[str]:
    from aether_nb.config import load as settings_of

    return profiles_of(settings_of(Path.cwd()), Path.cwd())


def _templates() -> Iterable[str]:
    from aether_nb.config import own_file
    from aether_nb.jobs.templates import found

    return [template.name for template in found(Path.cwd(), own_file().parent)]


def _contexts() -> Iterable[str]:
    from aether_nb.config import own_file
    from aether_nb.jobs.contexts import contexts

    return contexts(own_file().parent)


def _settings() -> Iterable[str]:
    from aether_nb.config import known

    return known()


_KNOWN: dict[str, Callable[[], Iterable[str]]] = {
    "MODEL": _models,
    "PROVIDER": _providers,
    "RUN": _runs,
    "PROFILE": _profiles,
    "TEMPLATE": _templates,
    "CONTEXT": _contexts,
    "SETTING": _settings,
    "VERB": lambda: [*(verb.name for verb in verbs.VERBS if "terminal" in verb.faces), *verbs.PAGES],
}
"""What is proposed, by the word for what an option takes."""
