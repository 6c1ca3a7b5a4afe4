"""Answering: the script of a whole run, from the prompt to the answer.

It settles which frame and columns are meant (asking when that is ambiguous), says what it will do, looks, computes,
draws, writes, and puts the answer together. What was not understood is said, with a profile of the frame.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import replace

from aether_nb.models.analyst.changing import asks_change
from aether_nb.models.analyst.conversation import Conversation
from aether_nb.models.analyst.desk import Desk, NotDone
from aether_nb.models.analyst.intents import INTENTS, Intent
from aether_nb.models.analyst.intents.changes import change_steps
from aether_nb.models.analyst.intents.joins import check_keys, check_questions, directed, make_join, show_join
from aether_nb.models.analyst.intents.overview import profile_steps
from aether_nb.models.analyst.intents.plots import draw, picture_title
from aether_nb.models.analyst.intents.sql import Given, given_sql, run_sql, sql_of, without_sql
from aether_nb.models.analyst.joining import asked_join, implied_join, joined_frame, named_elsewhere, questions_of
from aether_nb.models.analyst.namespace import Namespace, parse_summary, private
from aether_nb.models.analyst.partners import asked_partners, partner_steps
from aether_nb.models.analyst.phrasing import conditions_text, listed, plain
from aether_nb.models.analyst.profiled import TOOL as PROFILES
from aether_nb.models.analyst.profiled import told_by_tool
from aether_nb.models.analyst.question import Join, Question, Unclear
from aether_nb.models.analyst.quoting import asks_documents, quoted
from aether_nb.models.analyst.script import Action, Outcome, Plan, Script
from aether_nb.models.analyst.understanding import Reading, candidates, understand, understand_change

__all__ = ["answer"]

LONGEST = 2_000
"""How many characters a question may have; it is a request for a table and no text to be read."""
HOW_TO_CONNECT = (
    "I am the offline analyst: I know a fixed set of questions about tables, and I am "
    "not a language model. To connect one, see `%aether model`, or set `AETHER_MODEL`."
)
NO_FRAME = (
    "There is no pandas DataFrame in the namespace, so there is nothing I could look at. Load one first, "
    'for example:\n\n```python\nimport pandas as pd\n\ndf = pd.read_csv("data.csv")\n```\n\nThen ask again.'
)


def answer(talk: Conversation) -> Script:
    """Everything that is done for a prompt, and the answer in Markdown."""
    summary = talk.summary
    if summary is None:
        outcome = yield Action("list_variables", {}, "I look at what there is.")
        summary = outcome.text
    names = parse_summary(summary)
    if not names.frames or asks_documents(talk):
        found = yield from quoted(talk)
        if found or not names.frames:
            return found or _no_frame(names)
    if len(talk.prompt) > LONGEST:
        long = Unclear(f"the question is longer than {LONGEST:,} characters")
        return (yield from _decline(replace(talk, prompt=talk.prompt[:LONGEST]), names, long))
    if not talk.prompt:
        return "There is no question to answer."
    try:
        return (yield from _answer(talk, names))
    except Unclear as unclear:
        found = "" if asks_documents(talk) else (yield from quoted(talk))
        return found or (yield from _decline(talk, names, unclear))
    except NotDone as stopped:
        return f"{stopped}"


def _answer(talk: Conversation, names: Namespace) -> Script:
    """Answer by SQL, by a change of a frame, by a join of two, or, as mostly, from one frame.

    Raises:
        Unclear: It is not understood.
        NotDone: Nobody answered a question, or a call was denied or failed.
    """
    if (given := given_sql(talk.prompt)) is not None:
        return (yield from run_sql(given, names))
    if asks_change(talk.prompt):
        change = yield from understand_change(talk, names)
        return (yield from change_steps(change, Desk(names)))
    if (join := asked_join(talk.prompt, names)) is not None:
        return (yield from _joined(join, talk, names))
    if (partners := asked_partners(talk.prompt, names)) is not None:
        return (yield from partner_steps(partners, Desk(names)))
    if plainly := without_sql(talk.prompt):
        reading = yield from understand(replace(talk, prompt=plainly), names)
        if len(reading.questions) > 1:
            raise Unclear("I answer one question at a time as SQL")
        given = Given(sql_of(reading.questions[0]))
        return (yield from run_sql(given, names, _understood(reading)))
    frames = candidates(talk, names, several=True)
    scattered = all(named_elsewhere(talk.prompt, frame, frames) for frame in frames)
    joins = implied_join(talk.prompt, frames) if scattered else []
    if not joins:
        try:
            reading = yield from understand(talk, names)
        except Unclear as unclear:
            joins = implied_join(talk.prompt, frames)
            if not joins:
                raise unclear from None
        else:
            if scattered and (left := named_elsewhere(talk.prompt, reading.frame, frames)):
                column, frame = left[0]
                raise Unclear(f"{column} is a column of {frame}, and I find no join of two frames that would answer it")
            return (yield from _work(reading, names, talk.tools))
    if len(joins) > 1:
        ways = listed([f"{join.left.name} with {join.right.name}" for join in joins], "or")
        raise Unclear(f"it could be answered by joining {ways}; say which")
    return (yield from _joined(joins[0], talk, names))


def _joined(join: Join, talk: Conversation, names: Namespace) -> Script:
    """Check the keys, join under a new name, and answer what is asked of the joined rows.

    Raises:
        Unclear: The question cannot be read, or the join would answer it wrongly.
        NotDone: A call was denied or failed.
    """
    desk = Desk(names)
    questions = questions_of(join) if join.rest else []
    keys = yield from check_keys(join, desk)
    if join.rest:
        join, keys = directed(join, keys)
        check_questions(join, keys, questions or ())
    if join.name in names.names:
        raise Unclear(f"there is a variable {join.name} already; the joined frame needs a name that is free")
    name = join.name or (private("joined") if join.rest else desk.fresh("joined"))
    told, outcome = yield from make_join(join, keys, name, desk)
    if not join.rest:
        return show_join(told, outcome, desk)
    frame = joined_frame(join, name)
    about = replace(talk, prompt=join.rest)
    alone = replace(desk.names, frames=(frame,))
    reading = yield from understand(about, alone)
    check_questions(join, keys, reading.questions)
    found = yield from _work(reading, alone, talk.tools)
    called = f"`{join.left.name}` with `{join.right.name}`"
    return f"{found.replace(f'`{name}`', called) if name == private('joined') else found}\n\n{told}"


def _no_frame(names: Namespace) -> str:
    """What to do when there is no frame: make one of what there is, or load one."""
    if not names.others:
        return NO_FRAME
    ways = [f"`{name}` is a {kind}; make it a frame: `df = {code}`" for name, kind, code in names.others[:5]]
    return "There is no pandas DataFrame in the namespace.\n\n- " + "\n- ".join(ways) + "\n\nThen ask again."


# ---- what is done


def _work(reading: Reading, names: Namespace, tools: frozenset[str]) -> Script:
    """Plan, look, compute, draw, write, and say what was found."""
    questions, desk = reading.questions, Desk(names, tools)
    items = [(f"Look at {reading.frame.name}", "inspect_variable")]
    for question in questions:
        items += _items(question, desk)
    yield Plan(tuple(items))
    yield Action("inspect_variable", {"name": reading.frame.name}, _understood(reading))
    sections: list[str] = []
    for question in questions:
        desk.saved = ""
        sections += yield from _sections(question, desk)
    return "\n\n".join([*sections, *desk.noted(note for question in questions for note in question.notes)])


def _understood(reading: Reading) -> str:
    """How the question is read: what will be computed of which frame, and what becomes of it."""
    steps = []
    for question in reading.questions:
        title = _intent(question).title(question)
        step = title[:1].lower() + title[1:] + conditions_text(question.conditions)
        drawn = question.plot is not None and question.task != "picture"
        step += ", draw it" if drawn else ""
        steps.append(step + (f", and write the table to {question.path}" if question.path else ""))
    return f"I take this to be about `{reading.frame.name}`, and read it so: {'; then '.join(steps)}."


def _items(question: Question, desk: Desk) -> list[tuple[str, str]]:
    """The plan's items for one question."""
    tool = PROFILES if told_by_tool(question, desk) else "run_python"
    items = [(_intent(question).title(question), tool)]
    if question.plot is not None and question.task != "picture":
        items.append((picture_title(question), "run_python"))
    if question.path:
        items.append((f"Write the table to {question.path}", "write_file"))
    return items


def _sections(question: Question, desk: Desk) -> Generator[Action | Plan, Outcome, list[str]]:
    """The parts of the answer to one question: figures, picture, file; what was not done is said."""
    sections = []
    try:
        sections.append((yield from _intent(question).answer(question, desk)))
    except NotDone as problem:
        return [*sections, str(problem)]
    if question.plot is not None and question.task != "picture":
        try:
            sections += [text for text in [(yield from draw(question, desk))] if text]
        except NotDone as problem:
            sections.append(str(problem))
    if question.path:
        sections.append((yield from _write(question, desk)))
    return sections


def _write(question: Question, desk: Desk) -> Script:
    """Write the kept table to the file."""
    if not desk.saved:
        return f"Nothing was written to {plain(question.path)}: there is no table to write."
    arguments = {"path": question.path, "variable": desk.saved}
    outcome = yield Action("write_file", arguments)
    if outcome.status == "done":
        told = re.fullmatch(r"wrote (.+?) \((.*)\)\.?", outcome.text.strip(), re.DOTALL)
        where = f"to {plain(told[1])} ({plain(told[2])})" if told else f"to a file: {plain(outcome.text)}"
        return f"Wrote `{desk.saved}` {where}."
    return (
        f"`{question.path}` was not written: "
        f"{plain(outcome.text.removeprefix('error:').strip())}. The table is in `{desk.saved}`."
    )


def _intent(question: Question) -> Intent:
    return next(intent for intent in INTENTS if intent.name == question.task)


def _decline(talk: Conversation, names: Namespace, unclear: Unclear) -> Script:
    """Say what was not understood, and show the frame in question."""
    frames = candidates(talk, names)
    frame = frames[0]
    said = f"I could not work out what is asked, so I do not answer it: {plain(unclear.reason)}."
    yield Plan(((f"Show a profile of {frame.name}", "run_python"),), said)
    try:
        shown = yield from profile_steps(Question(frame), Desk(names))
    except NotDone as problem:
        shown = str(problem)
    return f"{said}\n\nFor orientation, a profile of `{frame.name}`:\n\n{shown}\n\n{HOW_TO_CONNECT}"
