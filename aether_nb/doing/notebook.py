"""What ``%aether VERB`` does in a notebook: each verb is a function of the session and its options.

A handler returns a text, or MIME bundles to show. The table is checked against ``verbs`` by a test.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any, TypeAlias

from IPython import get_ipython

from aether_nb import verbs
from aether_nb.about import VERSION
from aether_nb.doing import dashboard as dashboard_verbs
from aether_nb.doing import doctor, encryption, know_desk, notebook_code, notebook_encryption, record_care, reports
from aether_nb.doing import hooks as hook_verbs
from aether_nb.doing import house as house_verbs
from aether_nb.doing import know as know_verbs
from aether_nb.doing import mcp as mcp_verbs
from aether_nb.doing import memory as memory_verbs
from aether_nb.doing import models as model_verbs
from aether_nb.doing import records as record_verbs
from aether_nb.doing import settings as settings_verbs
from aether_nb.doing import signals as signal_verbs
from aether_nb.doing import undo as undo_verbs
from aether_nb.doing.setting_up import Dialog, set_up
from aether_nb.errors import StoreLocked, UsageFault
from aether_nb.live.background import Background
from aether_nb.live.thread import AgentThread
from aether_nb.live.whereabouts import can_type
from aether_nb.session.conversation import Session
from aether_nb.session.opening import surroundings
from aether_nb.session.signalling import LOOKED_AT, Post, stands
from aether_nb.session.signalling import stand as stand_of
from aether_nb.typed import meant
from aether_nb.widgets import consent

__all__ = ["HANDLERS"]

TOLD = 5
"""How many unfinished runs the status tells."""

Handler: TypeAlias = Callable[[Session, Any], str | Sequence[Mapping[str, Any]]]


def status(session: Session, _: Any) -> str:
    """``%aether`` alone: where things stand, and what can be typed."""
    grants = f"{len(session.grants)} that last" if session.grants else "none that last"
    lines = [
        f"aether-nb {VERSION}",
        f"  model    {session.models.name}",
        f"  mode     {session.models.settings.mode}",
        f"  folder   {session.workspace}",
        f"  record   {session.store.place}",
        f"  turns    {len(session.turns)} in this conversation",
        f"  grants   {grants}",
        *(f"  run      {line}" for line in _unfinished(session)),
        "",
        verbs.overview("notebook"),
    ]
    return "\n".join(lines)


def _unfinished(session: Session) -> list[str]:
    """The newest runs of this notebook that have not ended, a line each; why nobody knows them when it is locked."""
    try:
        return _found_unfinished(session)
    except StoreLocked as error:
        return [f"{error.what} {error.why} {error.hint}"]


def _found_unfinished(session: Session) -> list[str]:
    runs = [run for run in session.store.log.runs(LOOKED_AT) if run.outcome is None]
    mine = [run for run in runs if not session.notebook or run.notebook in ("", session.notebook)]
    more = [f"{len(mine) - TOLD} more: %aether runs"] if len(mine) > TOLD else []
    return reports.stand_lines(stands(session.store, mine[:TOLD])) + more


def help_(options: argparse.Namespace) -> str:
    """What can be typed, or all about one verb."""
    return verbs.about(options.verb, "notebook") if options.verb else verbs.overview("notebook")


def model(session: Session, options: argparse.Namespace) -> str:
    """Which model serves, or which one shall."""
    if options.name:
        return f"{session.models.use(options.name, options.role).name} serves from now on{_as(options.role)}."
    if options.role != "chat":
        name, note = session.models.role(options.role)
        return note or f"{name} serves{_as(options.role)}."
    return f"{session.models.name} serves. Another: %aether model PROVIDER:MODEL"


def _as(role: str) -> str:
    return "" if role == "chat" else f" for {role}"


def models(session: Session, options: argparse.Namespace) -> str:
    """Which providers there are, or which models one of them has."""
    return model_verbs.models(options, session.models.settings, session.thread.run)


def key(session: Session, options: argparse.Namespace) -> str:
    """Take a key, forget one, or say which there are."""
    with _dialog(session) as dialog:
        said = model_verbs.key(options, session.models.settings, dialog)
    if options.provider:
        session.models.reopen(options.provider.lower())
    return said


def setup(session: Session, _: Any) -> str:
    """Choose a model step by step."""
    with _dialog(session) as dialog:
        name = set_up(dialog, session.models.settings)
    return f"{session.models.use(name).name} serves from now on." if name else "Everything stays as it is."


@contextmanager
def _dialog(session: Session) -> Iterator[Dialog]:
    """A talk with whoever types. Stop ends it calmly: a traceback could show what was typed."""
    # A kernel puts its own functions in the place of these two, so they are looked up when they are needed.
    try:
        yield Dialog(print, input, getpass.getpass, session.thread.run, can_type(session.shell))
    except KeyboardInterrupt:
        raise UsageFault("Stopped.", "What was not said to be kept is not kept.") from None


def settings(session: Session, options: argparse.Namespace) -> str:
    """Everything that can be set, and what holds here."""
    return settings_verbs.settings(options, session.models.settings, session.models.where)


def new(session: Session, _: Any) -> str:
    """Forget the earlier questions."""
    count = len(session.turns)
    session.turns.clear()
    return f"A new conversation: {count} earlier {'question is' if count == 1 else 'questions are'} no longer sent."


def grants(session: Session, options: argparse.Namespace) -> str:
    """The yeses that last."""
    if options.revoke:
        grant = session.yeses.revoke(options.revoke)
        return f"Taken back: {grant.id} ({grant.tool})."
    if not session.grants:
        return "No yes lasts beyond its run."
    told = [consent.grant(grant) | {"by": grant.by} for grant in session.grants]
    lines = ["  {id}  {tool}  {covers}  {lasts}  given by {by}".format_map(one) for one in told]
    return "\n".join([*lines, "Take one back: %aether grants --revoke GRANT"])


def runs(session: Session, options: argparse.Namespace) -> str:
    """The runs that are recorded here; or drop some of them."""
    if options.prune:
        return record_care.pruned(session.store, surroundings(session.shell)[1], options, time.time(), session.sealer)
    found = session.store.log.runs()
    how = stands(session.store, found)
    line = reports.line_rows(session.line, how)
    if options.json:
        apart = {row["run"]: row for row in line}
        rows = [{**apart.pop(row["run"], {}), **row} for row in reports.runs_rows(found, how)]
        return json.dumps([*apart.values(), *rows], indent=2)
    return "\n".join(filter(None, (reports.runs_text(found, how), reports.line_text(line))))


def show(session: Session, options: argparse.Namespace) -> Sequence[Mapping[str, Any]]:
    """A run as it was seen, in a notebook with its figures and its answer as outputs of their own."""
    store = session.store
    run = store.log.resolve(meant(options.run) or _last(session))
    return record_verbs.shown(store, run, options.call, apart=getattr(session.shell, "kernel", None) is not None)[0]


def _last(session: Session) -> str:
    """The last run of this kernel, or the newest of this notebook; empty when there is none."""
    runs = [] if session.last else session.store.log.runs(LOOKED_AT)
    mine = (run.id for run in runs if not session.notebook or run.notebook == session.notebook)
    return session.last or next(mine, "")


def trace(session: Session, options: argparse.Namespace) -> str:
    """What a run did: its plan, its requests and its calls."""
    store = session.store
    return record_verbs.traced(store, store.log.resolve(meant(options.run, session.last)), options.json)[0]


def egress(session: Session, options: argparse.Namespace) -> str:
    """What left this machine."""
    return record_verbs.went(session.store, options.run, session.notebook)


def verify(session: Session, options: argparse.Namespace) -> str:
    """Whether records are what was written."""
    return record_verbs.verified(session.store, options)[0]


def signalling(verb: str) -> Handler:
    """A verb that says something to a run, in this notebook's record, and shows the exact call that it is about."""

    def say(session: Session, options: argparse.Namespace) -> str:
        if Background.working and verb in ("approve", "answer", "settle"):
            what = "The code of an agent says it, and it is for you to say."
            raise UsageFault(what, "It runs in the background just now.", f"Type it in a cell: %aether {verb}")
        if verb == "stop" and (one := session.line.find(options.run)) and not any(session.store.log.read(one.run)):
            one.stop()
            return f"Run {one.number} had not begun: it is dropped."
        post = Post(session.store, session.sealer, "cell")
        stand, word = signal_verbs.prepare(verb, options, post, session.notebook)
        signal = post.send(stand.state.run, word)
        watched, heard = signal.run in session.sleepers, None
        if word.type == "stop" and not watched:
            elsewhere = stand.held and session.line.find(signal.run) is None
            heard = signal_verbs.deliver(post, stand, signal, 0.0 if elsewhere else signal_verbs.HEARING)
            stand = stand_of(post.store, signal.run)
        if options.json:
            return signal_verbs.json_text(stand, signal, heard=heard)
        told = signal_verbs.text(stand, word, heard=heard, watched=watched)
        return "\n".join(filter(None, (signal_verbs.exact(verb, stand), told)))

    return say


def undo(session: Session, options: argparse.Namespace) -> str:
    """Take back what calls did; asks first where somebody can type."""
    # A kernel puts its own function in the place of this one, so it is looked up when it is needed.
    return undo_verbs.undone(session, options, input if can_type(session.shell) else None)


def why(session: Session, options: argparse.Namespace) -> str:
    """What failed last in this notebook, and what to type."""
    return record_care.explained(session.store, options.run, session.notebook)


def audit(session: Session, options: argparse.Namespace) -> str:
    """A report of runs."""
    return record_care.audited(session.store, options)


def about_house(verb: str) -> Handler:
    """A verb about rules, ways of working or skills."""

    def do(session: Session, options: argparse.Namespace) -> str:
        settings, folder = session.models.settings, session.workspace
        if verb == "skills":
            return house_verbs.skills(options, settings, folder, session.store, session.shell.user_ns)
        what = house_verbs.policy if verb == "policy" else house_verbs.profiles
        return what(options, settings, folder)

    return do


def know(session: Session, options: argparse.Namespace) -> str:
    """What is known beside the notebook."""
    bar, names = know_desk.ProgressLine(sys.stdout), session.shell.user_ns
    desk = know_desk.open_desk(session.knowing, session.thread.run, namespace=names, progress=bar)
    try:
        said = know_verbs.know(options, desk)
    except KeyboardInterrupt:
        raise UsageFault("Stopped.", "What was read is kept; the same again goes on from there.") from None
    finally:
        bar.close()
    library = session.knowing.library
    filling = options.what in ("add", "refresh") and library.chosen.embedder is not None
    if filling:
        library.fill()
    if options.json:
        return said
    note = encryption.readable_note(session.store.encrypted and options.what == "add", "knowledge")
    return "\n".join(filter(None, (said, *(library.standing() if filling else ()), note)))


def look(options: argparse.Namespace) -> str:
    """Whether everything is in place; settings that cannot be read are a finding, not an end."""
    shell = get_ipython()
    settings, record, workspace = surroundings(shell)
    with closing(AgentThread()) as thread:
        if options.model:
            checks = doctor.try_model(options.model, settings, thread.run)
        else:
            checks = doctor.look(settings, record, workspace, thread.run, shell)
    return json.dumps([asdict(check) for check in checks], indent=2) if options.json else doctor.text(checks)


def mcp(session: Session, options: argparse.Namespace) -> str:
    """Servers: shown, added, agreed to, asked; or this kernel offered to another agent."""
    if options.action == "serve":
        return mcp_verbs.serve_here(session, options)
    return mcp_verbs.done(session.servers, options, session.thread.run, session.busy or bool(Background.working))[0]


def hooks(session: Session, options: argparse.Namespace) -> str:
    """Who may alter and refuse what happens in a run."""
    return hook_verbs.hooks(options, session.hooked, session.store, session.busy or bool(Background.working))


def version_(_: argparse.Namespace) -> str:
    """The version."""
    return VERSION


def dashboard(session: Session, options: argparse.Namespace) -> str | Sequence[Mapping[str, Any]]:
    """What the runs of this record did and cost."""
    found = dashboard_verbs.sheet(session.store, options, session.models.settings, session.grants)
    return dashboard_verbs.as_json(found) if options.json else [dashboard_verbs.picture(found)]


def remember(session: Session, options: argparse.Namespace) -> str:
    """Keep a fact, or a run as a solution."""
    said = memory_verbs.remember(
        options, session.knowing, lambda run: session.store.whole(session.store.log.resolve(run or session.last))[0]
    )
    return f"{said}\n{encryption.readable_note(session.store.encrypted, 'what is remembered')}".rstrip()


def forget(session: Session, options: argparse.Namespace) -> str:
    """Let go of a fact or of a solution."""
    return memory_verbs.forget(options, session.knowing)


def memory(session: Session, options: argparse.Namespace) -> str:
    """What is remembered."""
    return memory_verbs.memory(options, session.knowing, session.workspace)


HANDLERS: dict[str, Handler] = {
    "status": status,
    "model": model,
    "models": models,
    "mcp": mcp,
    "key": key,
    "settings": settings,
    "setup": setup,
    "new": new,
    "grants": grants,
    "undo": undo,
    "runs": runs,
    "show": show,
    "trace": trace,
    "egress": egress,
    "verify": verify,
    **notebook_code.HANDLERS,
    **notebook_encryption.HANDLERS,
    "remember": remember,
    "forget": forget,
    "memory": memory,
    "why": why,
    "audit": audit,
    "dashboard": dashboard,
    **{verb: about_house(verb) for verb in ("policy", "profiles", "skills")},
    "know": know,
    "hooks": hooks,
    **{verb: signalling(verb) for verb in verbs.SAYING},
}

WITHOUT_SESSION: dict[str, Callable[[argparse.Namespace], str]] = {
    "help": help_,
    "doctor": look,
    "plugins": house_verbs.plugins,
    "version": version_,
}
"""What works even where no session can be opened, because the settings are wrong."""
