"""What ``execute``, ``plan``, ``batch`` and ``templates`` do in a terminal.

Nothing here knows a kernel: that is the business of ``jobs``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb import config, verbs
from aether_nb.doing.bars import bar
from aether_nb.doing.slips import slips
from aether_nb.errors import OptionError
from aether_nb.jobs import contexts
from aether_nb.jobs.batch import Batch, Outcome, read_batch, work
from aether_nb.jobs.executing import DONE, FAILED, NOT_DONE, WAITS, Execution, execute, listed, told
from aether_nb.jobs.own_kernel import Screen
from aether_nb.jobs.templates import Template, find, found
from aether_nb.session.opening import open_record, open_servers, record_place
from aether_nb.session.tasks import named_run
from aether_nb.store.place import FOLDER, as_setting
from aether_nb.tools.toolbox import toolbox
from aether_nb.typed import seconds, whole

if TYPE_CHECKING:
    from aether_nb.models.catalogue.providers import Providers

__all__ = ["batch", "run", "templates"]

LINE = 100
"""Characters of an answer in the list of a batch."""


def run(options: argparse.Namespace, screen: Screen, *, plan: bool) -> int:
    """Work on one task, and say how it ended.

    Raises:
        OptionError: It is not said what is asked, or a word cannot be read.
        UsageFault: It could not be begun.
    """
    _warn()
    options = _in_context(options, "plan" if plan else "execute")
    seconds(options.park_after, "aether execute")
    prompt, said, piped = _asked(options)
    words = {"--model": options.model, "--data": options.data, "--park-after": options.park_after}
    words |= {"--as-agent": options.as_agent, "--approve": options.approve}
    words["--mode"] = None if plan else options.mode
    said += [f"{name} {value}" for name, value in words.items() if value]
    said += ["--plan"] if plan else []
    here, environment = Path.cwd(), _environment(options.store)
    task = Execution(
        prompt, named_run(options.run), tuple(said), listed(options.load), here, environment, options.kernel or ""
    )
    alone = piped or options.json
    screen = replace(screen, show=not options.json, typing=screen.typing and not alone)
    store = open_record(options.store)
    with closing(store.log):
        row, code = told(execute(task, store, screen))
    if options.json:
        print(json.dumps(row, indent=2, ensure_ascii=False))
    elif row["outcome"] == NOT_DONE:
        print(f"Not done: {row['what']} {row['why']} next: {row['hint']}", file=sys.stderr)
    elif code == WAITS and options.load:
        print(f"Go on with what it had: aether resume {row['run']} --load {options.load}", file=sys.stderr)
    return code


def _warn() -> None:
    """Say of a variable that nobody reads it: a column that it was to hide would be sent."""

    def known() -> Providers:
        from aether_nb.models.catalogue import providers

        return providers.load([config.load(Path.cwd()).providers])

    for name, hint in slips(known):
        print(verbs.in_terminal(f"aether: the variable {name} is no setting. {hint}"), file=sys.stderr)


def _in_context(options: argparse.Namespace, verb: str) -> argparse.Namespace:
    """The options with what the context says, where nothing was typed."""
    if not options.context:
        return options
    said = contexts.words(options.context, config.own_file().parent)
    if verb == "plan":
        said.pop("mode", None)  # a plan has its own
    read = verbs.parse(verbs.find(verb, "terminal"), [f"--{name}={value}" for name, value in said.items()], "terminal")
    return argparse.Namespace(**{name: value or getattr(read, name) for name, value in vars(options).items()})


def _environment(place: str) -> dict[str, str]:
    return {"AETHER_STORE": as_setting(record_place(place)), "AETHER_PANEL": "off"}


def _asked(options: argparse.Namespace) -> tuple[str, list[str], bool]:
    """The question, options that a template adds, and whether the question was piped in: then nobody can type."""
    words = " ".join(options.task).strip()
    if options.template:
        template = _ready(options.template)
        given = dict(_pair(part) for part in (options.set or "").split(";") if part.strip())
        more = f"\n\n{words}" if words else ""
        return template.filled(given) + more, list(template.options), False
    if options.set:
        raise OptionError("--set is for a template.", "", "aether execute --template NAME --set table=df")
    if words:
        return words, [], False
    if sys.stdin is None or sys.stdin.isatty():
        raise OptionError("It is not said what is asked.", "", "aether execute How many rows has data.csv?")
    if piped := sys.stdin.read().strip():
        return piped, [], True
    raise OptionError(
        "Standard input was empty.", "A task is read from there when none is typed.", "aether execute TASK"
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise OptionError(f"{text.strip()!r} fills no blank.", "", "--set 'table=sales; by=region'")
    return name.strip(), value.strip()


def _ready(name: str) -> Template:
    """The template of that name, with all that it needs."""
    folder = Path.cwd()
    template = find(name, folder, config.own_file().parent)
    servers = open_servers(config.load(folder), folder, folder / FOLDER) if template.servers else None
    template.ready(tuple(toolbox({})), [row.definition.name for row in servers.rows()] if servers else ())
    return template


# ---- many


def batch(options: argparse.Namespace, screen: Screen) -> int:
    """Work on the tasks of a file; 0 when all are done, 3 when one waits for somebody, else 1.

    Raises:
        OptionError: No file is named, or it cannot be read.
    """
    if not options.file:
        raise OptionError("No file with tasks is named.", hint="aether batch tasks.yaml")
    _warn()
    tasks = read_batch(Path(options.file), _ready, _environment(options.store))
    tasks = replace(tasks, concurrent=_count(options.concurrent) or tasks.concurrent)
    outcomes = list(_followed(tasks, options, screen))
    rows = [_row(outcome) for outcome in outcomes]
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        counted: dict[str, int] = {}
        for row in rows:
            counted[row["outcome"]] = counted.get(row["outcome"], 0) + 1
        print(f"{len(rows)} tasks: " + ", ".join(f"{count} {word}" for word, count in counted.items()))
    words = {row["outcome"] for row in rows}
    return DONE if words == {"done"} else WAITS if words == {"done", "waits"} or words == {"waits"} else FAILED


def _followed(tasks: Batch, options: argparse.Namespace, screen: Screen) -> list[Outcome]:
    """The outcomes, with a bar on standard error that tells how far it is, and a line for each."""
    found: list[Outcome] = []
    quiet = replace(screen, typing=False, show=False)
    done = work(tasks, lambda: open_record(options.store), quiet, again=options.again)
    with bar(total=len(tasks.tasks), unit="task", file=sys.stderr, disable=None, desc=tasks.name) as shown:
        for outcome in done:
            found.append(outcome)
            shown.update()
            if not options.json:
                shown.write(_line(_row(outcome), outcome), file=sys.stdout)
    return found


def _count(text: str | None) -> int:
    if text is None:
        return 0
    if found := whole(text, 1, 64):
        return found
    raise OptionError(f"--concurrent cannot be {text!r}.", "A whole number from 1 to 64.", "--concurrent 4")


def _row(outcome: Outcome) -> dict[str, Any]:
    name, id = outcome.task.name, outcome.task.execution.run
    if outcome.state is None:
        return {"task": name, "run": id, "outcome": "waits" if outcome.held else "failed", "what": outcome.problem}
    return {"task": name, **told(outcome.state)[0], "before": outcome.before}


def _line(row: Mapping[str, Any], outcome: Outcome) -> str:
    said = " ".join(str(row.get("answer") or row.get("what") or row.get("question") or row.get("call") or "").split())
    said = said if len(said) <= LINE else said[: LINE - 1] + "…"
    before = ", before" if outcome.before else ""
    return f"  {row['outcome']:<9} {row['task']} ({row['run']}{before})  {said}"


def templates(options: argparse.Namespace) -> str:
    """The templates that there are, with how each is used."""
    there = found(Path.cwd(), config.own_file().parent)
    if options.json:
        rows = [
            {"name": name, "problem": str(one)} if isinstance(one, OptionError) else asdict(one)
            for name, one in there.items()
        ]
        return json.dumps(rows, indent=2)
    lines = []
    for name, template in there.items():
        if isinstance(template, OptionError):
            lines.append(f"  {name}: cannot be used. {template}")
            continue
        lines += [
            f"  {template.name} ({template.category or 'no category'}): {template.description}",
            f"      {template.usage}",
        ]
    own = config.own_file().parent / "templates"
    return "\n".join([*lines, f"Yours are YAML files in .aether/templates or in {own}."])
