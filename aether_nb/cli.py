"""``aether …``: the same verbs from a terminal.

How they end is said in ``ENDS``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from getpass import getpass, getuser
from pathlib import Path
from typing import TYPE_CHECKING

from aether_nb import verbs
from aether_nb.about import VERSION
from aether_nb.doing import completion, record_terminal
from aether_nb.doing.record_terminal import Handler, say, say_as
from aether_nb.errors import AetherError, ConfigError, UsageFault
from aether_nb.typed import calm

if TYPE_CHECKING:
    from aether_nb.config import Settings
    from aether_nb.doing.setting_up import Dialog
    from aether_nb.jobs.own_kernel import Screen

__all__ = ["HANDLERS", "main"]

ENDS = (
    "Exit codes: 0 done, 1 failed, not done or not said, 2 not understood or not begun, 3 waits for somebody or is "
    "blocked, 4 stopped, 130 interrupted. --json prints for a program. TAB completes all of it: aether completion"
)
"""How every verb ends, and what all of them have."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was typed; returns the exit code."""
    if completion.ASKED in os.environ:
        completion.answer()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        words = ["help"]
    elif words[0] == "--version":
        words = ["version"]
    try:
        verb = verbs.find(words[0], "terminal")
        code = HANDLERS[verb.name](verbs.parse(verb, words[1:], "terminal"))
        sys.stdout.flush()
        return code
    except verbs.Help as help:
        print(help, end="")
        return 0
    except AetherError as error:
        return _refused(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read along, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _refused(calm(error))


def _refused(error: AetherError) -> int:
    """Say an error as a terminal has it; returns the exit code."""
    print(verbs.in_terminal("\n".join(error._render_traceback_())), file=sys.stderr)
    return 2 if isinstance(error, UsageFault | ConfigError) else 1


def help_(options: argparse.Namespace) -> int:
    """What can be typed, or all about one verb."""
    if options.verb:
        print(verbs.about(options.verb, "terminal").rstrip())
    else:
        print(f"aether-nb: an agent that lives in your notebook.\n\n{verbs.overview('terminal')}\n")
        print(verbs.wrapped(ENDS))
    return 0


def runs(options: argparse.Namespace) -> int:
    """The runs that are recorded here."""
    from aether_nb.doing import reports
    from aether_nb.session.opening import open_record
    from aether_nb.session.signalling import stands

    store = open_record(options.store)
    if options.prune:
        from aether_nb.doing import record_care
        from aether_nb.session.opening import own_sealer, record_place

        say(record_care.pruned(store, record_place(options.store), options, time.time(), own_sealer()))
        return 0
    found = store.log.runs()
    how = stands(store, found)
    say(json.dumps(reports.runs_rows(found, how), indent=2) if options.json else reports.runs_text(found, how))
    return 0


def signalling(verb: str) -> Handler:
    """A verb that says something to a run. A yes is asked for in sight of the exact call; 1 when it was not given."""

    def send(options: argparse.Namespace) -> int:
        from aether_nb.doing import signals as signal_verbs
        from aether_nb.session.opening import open_post
        from aether_nb.session.signalling import stand as stand_of

        post = open_post(f"cli:{_me()}", options.store)
        stand, word = signal_verbs.prepare(verb, options, post)
        if shown := signal_verbs.exact(verb, stand):
            print(shown, file=sys.stderr if options.json else sys.stdout)
        if verb == "approve" and not options.yes and not _yes("Say yes to it? [y/N] ", stand.state.run):
            print("Nothing was said: the run still waits.", file=sys.stderr)
            return 1
        signal = post.send(stand.state.run, word)
        heard = signal_verbs.deliver(post, stand, signal, signal_verbs.HEARING)
        now = stand_of(post.store, signal.run)
        if options.json:
            print(signal_verbs.json_text(now, signal, heard=heard))
        else:
            say(signal_verbs.text(now, word, heard=heard))
        return 0 if heard is None or heard.used else 1

    return send


def _me() -> str:
    """Who types, by the login; the number of the account where it has no name."""
    try:
        return getuser()
    except (KeyError, OSError):  # as in a container
        return str(os.getuid()) if hasattr(os, "getuid") else "somebody"


def _yes(question: str, run: str) -> bool:
    """Whether whoever types says yes.

    Raises:
        UsageFault: Nobody types here.
    """
    from aether_nb.live.whereabouts import can_type

    if not can_type(None):
        what = "Nobody can type here, so nobody has said yes."
        raise UsageFault(what, "A yes is given in sight of the exact call.", f"%aether approve {run} --yes")
    print(question, end="", file=sys.stderr, flush=True)
    try:
        return input().strip().lower() in ("y", "yes")
    except EOFError:
        return False


def resume(options: argparse.Namespace) -> int:
    """Go on with a run in a kernel of its own; 3 when it waits for somebody afterwards."""
    from aether_nb.jobs.executing import listed, loading, told
    from aether_nb.jobs.own_kernel import in_a_kernel
    from aether_nb.session.opening import open_record, record_place
    from aether_nb.session.signalling import named, stand
    from aether_nb.store.place import as_setting

    store = open_record(options.store)
    before = named(store, "resume", options.run).state
    started = before.started
    words = ["resume", before.run, *(["--park-after", options.park_after] if options.park_after else [])]
    words += [flag for flag, said in (("--take", options.take), ("--anyway", options.anyway)) if said]
    environment = {"AETHER_STORE": as_setting(record_place(options.store)), "AETHER_PANEL": "off"}
    if options.approve:
        environment["AETHER_APPROVE"] = options.approve
    if started is not None and started.notebook:
        environment["JPY_SESSION_NAME"] = started.notebook
    folder = Path(started.workspace) if started is not None and Path(started.workspace).is_dir() else Path.cwd()
    cells = [*map(loading, listed(options.load)), f"%aether {' '.join(words)}"]
    store.log.close()
    code = in_a_kernel(cells, folder, environment, _screen(quiet=options.json))
    row, stands = told(stand(store, before.run).state)
    if options.json:
        say(json.dumps(row, indent=2, ensure_ascii=False))
    return code or stands


def look(options: argparse.Namespace) -> int:
    """Whether everything is in place; 3 when something is blocked."""
    from aether_nb.doing import doctor
    from aether_nb.session.opening import surroundings

    settings, record, workspace = surroundings(None)
    if options.model:
        checks = doctor.try_model(options.model, settings, asyncio.run)
    else:
        checks = doctor.look(settings, record, workspace, asyncio.run)
    say(json.dumps([asdict(check) for check in checks], indent=2) if options.json else doctor.text(checks))
    return 3 if any(check.state == "blocked" for check in checks) else 0


def _screen(*, quiet: bool = False) -> Screen:
    from aether_nb.jobs.own_kernel import Screen
    from aether_nb.live.whereabouts import can_type

    return Screen(can_type(None) and not quiet, said=verbs.in_terminal, show=not quiet)


def execute(options: argparse.Namespace) -> int:
    """Work on a task in a kernel of its own."""
    from aether_nb.doing import jobs as job_verbs

    return job_verbs.run(options, _screen(), plan=False)


def plan(options: argparse.Namespace) -> int:
    """The plan of a task."""
    from aether_nb.doing import jobs as job_verbs

    return job_verbs.run(options, _screen(), plan=True)


def batch(options: argparse.Namespace) -> int:
    """Work on the tasks of a file."""
    from aether_nb.doing import jobs as job_verbs

    return job_verbs.batch(options, _screen())


def templates(options: argparse.Namespace) -> int:
    """The templates that there are."""
    from aether_nb.doing import jobs as job_verbs

    say(job_verbs.templates(options))
    return 0


def about_house(verb: str) -> Handler:
    """A verb about rules, packages, hooks or skills."""

    def do(options: argparse.Namespace) -> int:
        from aether_nb.doing import house as house_verbs
        from aether_nb.session.opening import open_record

        if verb == "policy":
            say(house_verbs.policy(options, _settings(), Path.cwd()))
        elif verb == "profiles":
            say(house_verbs.profiles(options, _settings(), Path.cwd()))
        elif verb == "plugins":
            say(house_verbs.plugins(options))
        elif verb == "hooks":
            from aether_nb.doing import hooks as hook_verbs
            from aether_nb.session.hooked import Hooked

            say_as(options, hook_verbs.hooks(options, Hooked(Path.cwd), open_record(options.store)))
        else:
            say_as(options, house_verbs.skills(options, _settings(), Path.cwd(), open_record(options.store), {}))
        return 0

    return do


def knowing(verb: str) -> Handler:
    """A verb about what is known or remembered."""

    def do(options: argparse.Namespace) -> int:
        from aether_nb.doing import know_terminal

        return know_terminal.know(options, say) if verb == "know" else know_terminal.remembering(verb, options)

    return do


def models(options: argparse.Namespace) -> int:
    """Which providers there are, or which models one of them has."""
    from aether_nb.doing import models as model_verbs

    say(model_verbs.models(options, _settings(), asyncio.run))
    return 0


def mcp(options: argparse.Namespace) -> int:
    """Servers: shown, added, agreed to, asked; or ours, offered to others. 1 when one that is tried does not run."""
    from aether_nb.doing import mcp_terminal

    return mcp_terminal.mcp(options, _settings(), lambda text: say_as(options, text))


def key(options: argparse.Namespace) -> int:
    """Take a key, forget one, or say which there are."""
    from aether_nb.doing import models as model_verbs

    say_as(options, model_verbs.key(options, _settings(), _dialog()))
    return 0


def settings(options: argparse.Namespace) -> int:
    """Everything that can be set, and what holds in this folder."""
    from aether_nb.config import read
    from aether_nb.doing import settings as settings_verbs

    say(settings_verbs.settings(options, *read(Path.cwd())))
    return 0


def setup(options: argparse.Namespace) -> int:
    """Choose a model step by step."""
    from aether_nb.doing.setting_up import set_up

    name = set_up(_dialog(), _settings())
    say(f"{name} serves from now on." if name else "Everything stays as it is.")
    return 0


def _settings() -> Settings:
    from aether_nb.config import load

    return load(Path.cwd())


def _dialog() -> Dialog:
    from aether_nb.doing.setting_up import Dialog
    from aether_nb.live.whereabouts import can_type

    return Dialog(say, input, getpass, asyncio.run, can_type(None))


def version_(options: argparse.Namespace) -> int:
    """The version."""
    say_as(options, VERSION, version=VERSION, python=sys.version.split()[0])
    return 0


def complete(options: argparse.Namespace) -> int:
    """The script for a shell's TAB."""
    say(completion.script(options))
    return 0


def demo(options: argparse.Namespace) -> int:
    """Run the first notebook on a copy."""
    from aether_nb.doing.demo import run

    return run(allow_writes=options.allow_writes, out=Path(options.out) if options.out else None)


HANDLERS: dict[str, Handler] = {
    "help": help_,
    "runs": runs,
    **record_terminal.HANDLERS,
    **{verb: knowing(verb) for verb in ("know", "remember", "forget", "memory")},
    "models": models,
    "mcp": mcp,
    "key": key,
    "settings": settings,
    "setup": setup,
    "doctor": look,
    "execute": execute,
    "plan": plan,
    "batch": batch,
    "templates": templates,
    **{verb: about_house(verb) for verb in ("policy", "plugins", "profiles", "skills", "hooks")},
    "completion": complete,
    "version": version_,
    "demo": demo,
    "resume": resume,
    **{verb: signalling(verb) for verb in verbs.SAYING},
}
