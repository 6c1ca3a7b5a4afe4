"""The way in from a cell: ``%%aether`` and ``%aether``.

Registered with nothing but the standard library and IPython, so that ``%load_ext aether_nb`` stays light; what a
question needs is imported with the first one. ``%%aether`` becomes a native async cell where it can, so that clicks
are heard while it runs; inside ``%%capture``, ``%%time`` and the like the synchronous magic serves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from aether_nb import verbs
from aether_nb.cell.configuring import Configured
from aether_nb.cell.rewriting import is_question, is_working, transform
from aether_nb.doing.completing import complete
from aether_nb.errors import AetherError, ConfigError, OptionError
from aether_nb.live.mentions.completing import Names
from aether_nb.live.mentions.failures import Failures
from aether_nb.typed import calm, checked_name, meant, number, seconds

if TYPE_CHECKING:
    import argparse

    from IPython.core.interactiveshell import InteractiveShell

    from aether_nb.config import Settings
    from aether_nb.events.state import RunState
    from aether_nb.session.conversation import Session
    from aether_nb.session.tasks import Question, Resumption, Work

__all__ = ["AetherMagics", "load", "unload"]

FEW = 50
"""How many of the newest runs are looked at for one that is not finished."""

AT_FIRST = ("store", "allow_writes")
"""Settings that are read once, when the conversation begins."""

NAMED = 3
"""How many runs that were left are named when the extension is loaded."""


@magics_class
class AetherMagics(Configured):
    """``%%aether`` asks about the live variables; ``%aether VERB`` does the rest."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        self._session: Session | None = None
        self._said: dict[str, Any] = {}
        super().__init__(shell)
        self.began = Path.cwd()
        self.failures = Failures()
        self.names = Names(shell)

    def listen(self, no_more: bool = False) -> None:
        """Remember the errors of cells, and complete what questions mention; or do so no more."""
        if no_more:
            self.shell.events.unregister("post_run_cell", self.failures.note)
            self.shell.Completer.custom_matchers.remove(self.names.matcher)
        else:
            self.shell.events.register("post_run_cell", self.failures.note)
            self.shell.Completer.custom_matchers.append(self.names.matcher)

    @property
    def session(self) -> Session:
        """This notebook's conversation, opened with the first use."""
        if self._session is None:
            from aether_nb.session.opening import open_session

            self._session = open_session(self.shell, self._said)
            self._session.failures = self.failures
        return self._session

    def held(self, name: str) -> Any:
        """What a setting is now."""
        if self._session is not None:
            return getattr(self._session.models.settings, name)
        from aether_nb.config import load as load_settings
        from aether_nb.live.whereabouts import place

        return getattr(load_settings(place(self.shell)[1], self._said), name)

    def say(self, name: str, value: Any) -> None:
        """Let a setting hold from now on: what ``%config AetherMagics`` does.

        Raises:
            ConfigError: It is one for the beginning, and the conversation has begun.
            ModelNotFound: No model goes by that name.
        """
        if self._session is None:
            self._said[name] = value
        elif name in AT_FIRST:
            what = f"The setting '{name}' cannot be changed any more in this kernel."
            raise ConfigError(
                what, "The conversation has begun.", "Restart the kernel, and set it before the first use."
            )
        else:
            session = self._session
            if name == "model" and value:
                session.models.use(value)
            session.models.say(name, value)
            if session.line.standing:  # there may be more places now
                session.thread.loop.call_soon_threadsafe(session.line.move)

    def close(self) -> None:
        """Let go of what the session holds."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @no_var_expand  # what is in braces is a mention, and is worked out once
    @line_cell_magic
    def aether(self, line: str, cell: str | None = None) -> None:
        """Ask about your live variables, or ``%aether help``."""
        try:
            if cell is not None:
                self._ask_blocking(self._read_cell(line, cell))
            elif is_question(line):
                self._ask_blocking(self._read_cell(line, ""))
            elif is_working(line):
                self._ask_blocking(*self._read_working(line))
            else:
                self._verb(line)
        except verbs.Help as help:
            print(help, end="")
        except OSError as error:
            raise calm(error) from error

    async def cell(self, line: str, body: str, verb: bool = False) -> None:
        """``%%aether`` as a native async cell, or a verb that works on a run; what the input transformer calls."""
        try:
            task, out = self._read_working(body) if verb else (self._read_cell(line, body), "")
        except verbs.Help as help:
            print(help, end="")
            return
        from aether_nb.cell.asking import ask_in_cell

        await ask_in_cell(self.session, task, partial(self._bind, out))

    def _ask_blocking(self, task: Work, out: str = "") -> None:
        from aether_nb.cell.asking import ask_blocking

        ask_blocking(self.session, task, partial(self._bind, out))

    def _bind(self, out: str, state: RunState) -> None:
        """Give the answer to the user's variable; a run without one leaves it alone.

        Raises:
            AnswerInvalid: A value was wanted, and there is none.
        """
        from aether_nb.events.undoing import ANSWER
        from aether_nb.tools.brought import bind

        namespace, name = self.shell.user_ns, out or (state.started.bind if state.started else "")
        with self.session.points.rebinding(state.run, ANSWER, namespace, name):
            bind(namespace, state, out)

    def _read_cell(self, line: str, body: str) -> Question | Resumption:
        """What is asked; where nothing is, the run that is to go on.

        Raises:
            OptionError: An option cannot be read, or there is no question.
        """
        typed, rest = verbs.leading_options(verbs.CELL, line)
        options = verbs.parse(verbs.CELL, typed, "notebook")
        prompt = "\n".join(part for part in (rest, body.strip()) if part)
        if not prompt and typed:
            why = "Options are for a question, which stands behind them or below."
            raise OptionError("There is no question.", why, "A run that was left goes on by: %aether resume")
        if not prompt:
            return self._unfinished()
        from aether_nb.session.tasks import AUTO, Question, named_run

        route = options.as_agent == AUTO
        profile = self.session.profile(options.as_agent) if options.as_agent and not route else None
        if options.plan and profile and profile.agent:
            what = f"The agent {profile.name} makes no plan: it is a function that does what it does."
            raise OptionError(what, "", f"%%aether --as-agent {profile.name}")
        return Question(
            prompt,
            run=named_run(options.run),
            model=options.model or (profile.model if profile else ""),
            mode=options.mode,
            profile=profile,
            route=route,
            plan_only=options.plan,
            fresh=options.new,
            cell=self._cell_id(),
            park_after=seconds(options.park_after),
            bind=checked_name(options.out),
            wanted=self._wanted(options),
            raw=options.raw,
            data=options.data or "",
            approve=options.approve or "",
            lines=options.lines,
            attach=options.attach or "",
            background=options.bg,
        )

    def _unfinished(self) -> Resumption:
        """The run of this notebook that is not finished: an empty cell goes on with it.

        Raises:
            OptionError: There is none; says how the last one ended.
            SignalRefused: There are several.
        """
        from aether_nb.session.signalling import named, stands
        from aether_nb.session.tasks import Resumption

        session = self.session
        here = [run for run in session.store.log.runs(FEW) if run.notebook in ("", session.notebook)]
        if any(not one.held for one in stands(session.store, here)):
            return Resumption(named(session.store, "resume", "", session.notebook).state.run)
        last = f"the last one, {here[0].id}, is {here[0].outcome or 'at work'}" if here else "nothing was asked yet"
        raise OptionError(
            "There is no question in this cell.",
            f"An empty cell goes on with a run that was left, and there is none: {last}.",
            "Type a question below %%aether, such as: How many missing values are there?",
        )

    def _wanted(self, options: argparse.Namespace) -> str:
        """The type of the value that is wanted, as it was typed; empty when words are.

        Raises:
            OptionError: It is no type here, or there is no variable for the value.
        """
        typed = getattr(options, "as")
        if not typed:
            return ""
        if not options.out or options.plan:
            what = "--as is for a value." if options.plan else "--as needs a variable for the value."
            raise OptionError(what, "A plan has none." if options.plan else "", f"%%aether -o result --as {typed}")
        from aether_nb.live.wanted import Wanted

        return Wanted(typed, self.shell.user_ns).text

    def _read_working(self, line: str) -> tuple[Work, str]:
        """Which run is to be worked on, how, and the variable that gets the answer.

        Raises:
            OptionError: The line cannot be read.
            RunNotFound: No run goes by that name.
        """
        line, _, code = line.partition("\n")
        from aether_nb.doing import cells as cell_verbs

        name, *words = verbs.words(line)
        options = verbs.parse(verbs.find(name, "notebook"), words, "notebook")
        if name in cell_verbs.ASKING:
            asked = cell_verbs.asked(self.session, name, options, code, self._cell_id())
            if isinstance(asked, str):
                raise verbs.Help(f"{asked}\n")  # it is said, and nothing is begun
            return asked, ""
        options.run = self.session.line.named(options.run)
        if name == "resume":
            from aether_nb.session.signalling import named
            from aether_nb.session.tasks import Resumption

            store, run = self.session.store, options.run
            run = store.log.resolve(run) if run else named(store, "resume", "", self.session.notebook).state.run
            patience = seconds(options.park_after, "%aether resume")
            return Resumption(run, take=options.take, anyway=options.anyway, park_after=patience), ""
        from aether_nb.session.tasks import Fork, Replay

        run = self.session.store.log.resolve(meant(options.run, self.session.last))
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
        from aether_nb.doing import notebook as notebook_verbs

        words = verbs.words(line) or ["status"]
        if words[0] in ("-h", "--help"):
            words[0] = "help"
        elif len(words) == 1 and words[0].endswith("?"):
            words = ["help", words[0].rstrip("?")]
        verb = verbs.find(words[0], "notebook")
        options = verbs.parse(verb, words[1:], "notebook")
        if self._session is not None and hasattr(options, "run"):
            options.run = self._session.line.named(options.run)
        text: str | Sequence[Mapping[str, Any]]
        if verb.name in notebook_verbs.WITHOUT_SESSION:
            text = notebook_verbs.WITHOUT_SESSION[verb.name](options)
        else:
            text = notebook_verbs.HANDLERS[verb.name](self.session, options)
        if isinstance(text, str):
            print(text)
        else:
            for picture in text:
                self.shell.display_pub.publish(dict(picture))


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell, once, and say in one line which model serves."""
    if getattr(shell, "aether_cell", None) is None:
        magics = AetherMagics(shell)
        shell.register_magics(magics)
        shell.aether_cell = magics.cell  # type: ignore[attr-defined]  # the transformed cell calls it by this name
        shell.aether_magics = magics  # type: ignore[attr-defined]  # so that unloading finds what it has to close
        magics.listen()
        shell.input_transformers_cleanup.append(transform)
        for command in ("%aether", "%%aether"):
            shell.set_hook(
                "complete_command", lambda _, event: complete(lambda: magics.session, event), str_key=command
            )
    from aether_nb.config import load as load_settings
    from aether_nb.live.whereabouts import began_in, place

    notebook, workspace = place(shell)
    try:
        settings = load_settings(workspace)
        print(serving_line(settings))
        if left := left_line(settings, notebook, began_in(shell)):
            print(left)
    except AetherError as error:
        print("\n".join(error._render_traceback_()))


def serving_line(settings: Settings) -> str:
    """One line: which model serves, and how to change it. Local servers are looked for with the first cell only."""
    from aether_nb.models.catalogue.providers import load as load_providers
    from aether_nb.models.router import ANALYST, serving

    known = load_providers([settings.providers], plugged=False)  # plugins are looked for with the first cell only, too
    choice = serving(os.environ, settings.model, known, local_only=settings.local_only)
    say = "For a language model: %aether setup" if choice.name == ANALYST else "Another: %aether model PROVIDER:MODEL"
    return f"aether: {choice.name} serves ({choice.why}). {say}"


def left_line(settings: Settings, notebook: Path | None, began: Path) -> str:
    """One line: which runs of this notebook nobody goes on with, and what to type; empty when there are none."""
    from aether_nb.store.place import store_place

    record = store_place(notebook, began, settings.store)
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
        magics.listen(no_more=True)
        magics.close()
        if magics in shell.configurables:
            shell.configurables.remove(magics)
        for name in ("aether_cell", "aether_magics"):
            delattr(shell, name)
