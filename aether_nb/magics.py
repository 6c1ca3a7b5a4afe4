"""The way in from a cell: ``%%aether`` and ``%aether``.

Registered with nothing but the standard library and IPython, so that ``%load_ext aether_nb`` stays light; what a
question needs is imported with the first one. ``%%aether`` becomes a native async cell where it can, so that clicks
are heard while it runs; inside ``%%capture``, ``%%time`` and the like the synchronous magic serves.
"""

from __future__ import annotations

import keyword
import math
import os
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import make_tokens_by_line
from IPython.core.magic import Magics, line_cell_magic, magics_class

from aether_nb import verbs
from aether_nb.errors import AetherError, OptionError, UnknownVerb

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from aether_nb.config import Settings
    from aether_nb.events.state import RunState
    from aether_nb.retelling import Work
    from aether_nb.session import Question, Session

__all__ = ["AetherMagics", "load", "unload"]

CELL = re.compile(r"^%%aether\b[ \t]*(.*)$")
LINE = re.compile(r"^(?P<indent>[ \t]*)%aether[ \t]+(?P<text>.*\S)[ \t]*$")
NAMED = 3
"""How many runs that were left are named when the extension is loaded."""

NESTED = ("run_code", "run_cell_magic", "run_line_magic")


@magics_class
class AetherMagics(Magics):
    """``%%aether`` asks about the live variables; ``%aether VERB`` does the rest."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """This notebook's conversation, opened with the first use."""
        if self._session is None:
            from aether_nb.opening import open_session

            self._session = open_session(self.shell)
        return self._session

    def close(self) -> None:
        """Let go of what the session holds."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @line_cell_magic
    def aether(self, line: str, cell: str | None = None) -> None:
        """Ask about your live variables, or ``%aether help``."""
        try:
            if cell is not None:
                self._ask_blocking(*self._read_cell(line, cell))
            elif is_question(line):
                self._ask_blocking(*self._read_cell("", line))
            elif is_working(line):
                self._ask_blocking(*self._read_working(line))
            else:
                self._verb(line)
        except verbs.Help as help:
            print(help, end="")

    async def cell(self, line: str, body: str) -> None:
        """``%%aether`` as a native async cell; what the input transformer calls."""
        try:
            working = is_working(body) and not line
            task, out = self._read_working(body) if working else self._read_cell(line, body)
        except verbs.Help as help:
            print(help, end="")
            return
        from aether_nb.cell import ask_in_cell

        await ask_in_cell(self.session, task, partial(self._bind, out))

    def _ask_blocking(self, task: Work, out: str = "") -> None:
        from aether_nb.cell import ask_blocking

        ask_blocking(self.session, task, partial(self._bind, out))

    def _bind(self, out: str, state: RunState) -> None:
        """Give the answer to the user's variable; a run without one leaves it alone."""
        if out and state.answer:
            self.shell.user_ns[out] = state.answer

    def _read_cell(self, line: str, body: str) -> tuple[Question, str]:
        """What is asked, and the variable that gets the answer.

        Raises:
            OptionError: An option cannot be read, or there is no question.
        """
        typed, rest = verbs.leading_options(verbs.CELL, line)
        options = verbs.parse(verbs.CELL, typed, "notebook")
        prompt = "\n".join(part for part in (rest, body.strip()) if part)
        if not prompt:
            raise OptionError(
                "There is no question in this cell.",
                hint="Type one below %%aether, such as: How many missing values are there?",
            )
        out = checked_name(options.out)
        from aether_nb.session import Question

        return (
            Question(
                prompt,
                model=options.model or "",
                mode=options.mode,
                plan_only=options.plan,
                fresh=options.new,
                cell=self._cell_id(),
                park_after=seconds(options.park_after),
                data=options.data or "",
            ),
            out,
        )

    def _read_working(self, line: str) -> tuple[Work, str]:
        """Which run is to be worked on, how, and the variable that gets the answer.

        Raises:
            OptionError: The line cannot be read.
            RunNotFound: No run goes by that name.
        """
        name, *words = verbs.words(line)
        options = verbs.parse(verbs.find(name, "notebook"), words, "notebook")
        if name == "resume":
            from aether_nb.session import Resumption
            from aether_nb.signalling import named

            run = named(self.session.store, "resume", options.run, self.session.notebook).state.run
            patience = seconds(options.park_after, "%aether resume")
            return Resumption(run, take=options.take, anyway=options.anyway, park_after=patience), ""
        from aether_nb.retelling import Fork, Replay

        run = self.session.store.log.resolve(options.run or self.session.last)
        if name == "fork":
            return Fork(run, number(options.at), " ".join(options.text), anyway=options.anyway), ""
        out = checked_name(options.out)
        return Replay(run, options.mode or "pure", self._cell_id(), json=options.json), out

    def _cell_id(self) -> str:
        """The cell's id, as the front end gave it; empty where there is none."""
        parent = getattr(self.shell, "parent_header", None) or {}
        kernel = getattr(self.shell, "kernel", None)
        if kernel is not None:
            parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else parent
        return str((parent.get("metadata") or {}).get("cellId") or "")

    def _verb(self, line: str) -> None:
        from aether_nb import notebook_verbs

        words = verbs.words(line) or ["status"]
        if words[0] in ("-h", "--help"):
            words[0] = "help"
        verb = verbs.find(words[0], "notebook")
        options = verbs.parse(verb, words[1:], "notebook")
        text: str | Mapping[str, Any]
        if verb.name in notebook_verbs.WITHOUT_SESSION:
            text = notebook_verbs.WITHOUT_SESSION[verb.name](options)
        else:
            text = notebook_verbs.HANDLERS[verb.name](self.session, options)
        if isinstance(text, str):
            print(text)
        else:
            self.shell.display_pub.publish(dict(text))


def is_question(line: str) -> bool:
    """Whether the text after ``%aether`` is a question and no verb.

    It is one when it does not begin with a verb, and has several words or ends in a question mark. After a verb it is
    one only when it is plainly asked (``show me the trend?``): a slip in a verb's arguments must not start a run.
    """
    words = line.split()
    if not words:
        return False
    known = next((verb for verb in verbs.VERBS if verb.name == words[0] and "notebook" in verb.faces), None)
    if known:
        return not known.prose and len(words) > 2 and line.rstrip().endswith("?")
    return len(words) > 2 or (line.rstrip().endswith("?") and len(words) > 1)


def is_working(line: str) -> bool:
    """Whether the text after ``%aether`` is a verb that works on a run, as a question does."""
    words = line.split()
    return bool(words) and words[0] in verbs.WORKING and not is_question(line)


def checked_name(text: str | None) -> str:
    """The name of the variable that gets the answer; empty for none.

    Raises:
        OptionError: It is no name.
    """
    if text and (not text.isidentifier() or keyword.iskeyword(text)):
        raise OptionError(f"{text!r} is no name for a variable.", hint="%%aether -o answer")
    return text or ""


def number(text: str | None) -> int:
    """The number of an event, as it was typed; 0 when nothing was.

    Raises:
        OptionError: It is none.
    """
    if text is None:
        return 0
    if not text.isdigit() or text == "0":
        raise OptionError(f"{text!r} is no number of an event.", hint="See them: %aether trace --json")
    return int(text)


def seconds(text: str | None, program: str = "%%aether") -> float | None:
    """A number of seconds, as it was typed; None when nothing was.

    Raises:
        OptionError: It is no number of seconds.
    """
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise OptionError(f"{text!r} is no number of seconds.", hint=f"{program} --park-after 60")
    return number


def transform(lines: list[str]) -> list[str]:
    """Make ``%%aether`` an async cell, and keep ``%aether …?`` from being read as a request for help."""
    match = CELL.match(lines[0].rstrip("\n")) if lines else None
    if match:
        if inside_another_cell():
            return lines
        return [f"await get_ipython().aether_cell({match[1]!r}, {''.join(lines[1:])!r})\n"]
    if not any("%aether" in line for line in lines):
        return lines
    filled = [line for line in lines if line.strip()]
    alone = LINE.match(filled[0].rstrip("\n")) if len(filled) == 1 else None
    if alone and (is_question(alone["text"]) or is_working(alone["text"])) and not inside_another_cell():
        return [f"await get_ipython().aether_cell('', {alone['text']!r})\n"]
    words = [[token for token in tokens if token.string.strip()] for tokens in make_tokens_by_line(lines)]
    starts = {tokens[0].start[0] for tokens in words if tokens}
    return [_kept(line) if number in starts else line for number, line in enumerate(lines, 1)]


transform.has_side_effects = True  # type: ignore[attr-defined]  # else a terminal takes %%aether for a whole cell


def _kept(line: str) -> str:
    match = LINE.match(line.rstrip("\n"))
    if match is None or not match["text"].endswith("?"):
        return line
    return f"{match['indent']}get_ipython().run_line_magic('aether', {match['text']!r})\n"


def inside_another_cell() -> bool:
    """Whether the text to transform is run by a cell that is running already, where nothing can be awaited."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name in NESTED and code.co_filename.endswith("interactiveshell.py"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def complete(magics: AetherMagics, event: Any) -> list[str]:
    """What may follow ``%aether`` or ``%%aether`` at the cursor: verbs, options and their values."""
    words = event.line[: getattr(event, "cursor_pos", len(event.line)) or len(event.line)].split()
    if event.line[-1:].isspace():
        words.append("")
    if event.command == "%%aether":
        return _options(verbs.CELL, words)
    if len(words) <= 2:
        return [verb.name for verb in verbs.VERBS if "notebook" in verb.faces]
    try:
        return _options(verbs.find(words[1], "notebook"), words[1:])
    except UnknownVerb:
        return []


def _options(verb: verbs.Verb, words: list[str]) -> list[str]:
    before = words[-2] if len(words) > 1 else ""
    options = [option for option in verb.options if not option.terminal]
    for option in options:
        if before in option.names and option.choices:
            return list(option.choices)
    names = [name for option in options for name in option.names if name.startswith("-")]
    if verb.name == "help":
        names += [other.name for other in verbs.VERBS if "notebook" in other.faces]
    return [*names, "--help"]


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell, once, and say in one line which model serves."""
    if getattr(shell, "aether_cell", None) is None:
        magics = AetherMagics(shell)
        shell.register_magics(magics)
        shell.aether_cell = magics.cell  # type: ignore[attr-defined]  # the transformed cell calls it by this name
        shell.aether_magics = magics  # type: ignore[attr-defined]  # so that unloading finds what it has to close
        shell.input_transformers_cleanup.append(transform)
        for command in ("%aether", "%%aether"):
            shell.set_hook("complete_command", lambda _, event: complete(magics, event), str_key=command)
    from aether_nb.config import load as load_settings
    from aether_nb.live.whereabouts import place

    notebook, workspace = place(shell)
    try:
        settings = load_settings(workspace)
        print(serving_line(settings))
        if left := left_line(settings, notebook):
            print(left)
    except AetherError as error:
        print("\n".join(error._render_traceback_()))


def serving_line(settings: Settings) -> str:
    """One line: which model serves, and how to change it. Local servers are looked for with the first cell only."""
    from aether_nb.models.catalogue.providers import load as load_providers
    from aether_nb.models.router import ANALYST, serving

    choice = serving(os.environ, settings.model, load_providers([settings.providers]), local_only=settings.local_only)
    say = "For a language model: %aether setup" if choice.name == ANALYST else "Another: %aether model PROVIDER:MODEL"
    return f"aether: {choice.name} serves ({choice.why}). {say}"


def left_line(settings: Settings, notebook: Path | None) -> str:
    """One line: which runs of this notebook nobody goes on with, and what to type; empty when there are none."""
    from aether_nb.store.place import store_place

    record = store_place(notebook, Path.cwd(), settings.store)
    if not isinstance(record, Path) or not record.is_dir():
        return ""  # a server is not asked while the extension is loaded: it may be slow, or gone
    from aether_nb.store.glance import left_behind

    left = left_behind(record, str(notebook or ""))
    if not left:
        return ""
    told = []
    for one in left[:NAMED]:
        prompt = " ".join("".join(sign if sign.isprintable() else " " for sign in one.prompt).split())
        stands = f"is parked and waits for {one.waits_for}" if one.waits_for else "was interrupted"
        told.append(f'{one.run} {stands} ("{prompt[:40]}{"…" if len(prompt) > 40 else ""}")')
    more = f", and {len(left) - NAMED} more" if len(left) > NAMED else ""
    runs, run = ("run", left[0].run) if len(left) == 1 else ("runs", "RUN")
    return f"aether: {runs} {', '.join(told)}{more}. Go on: %aether resume {run}"


def unload(shell: InteractiveShell) -> None:
    """Take the magics back; runs stay recorded."""
    if transform in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(transform)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("aether", None)
    magics = getattr(shell, "aether_magics", None)
    if magics is not None:
        magics.close()
        for name in ("aether_cell", "aether_magics"):
            delattr(shell, name)
