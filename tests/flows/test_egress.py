"""Planted values in a real kernel: what of them is in a request, in the record, in transcripts and beside them."""

from __future__ import annotations

import base64
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from aether_nb.cli import main
from harness.kernel import Cell, Kernel, shown

PLANTED = ("zelda.quark@planted.example", "Ulfhednar-7731")
"""Values of the hidden column, and of another one."""

LOAD = f"""
%load_ext aether_nb
import json, pandas as pd
people = pd.DataFrame({{"email": ["{PLANTED[0]}", "b@planted.example"] * 4, "nick": ["{PLANTED[1]}", "Brynhild-2"] * 4,
                       "age": range(30, 38)}})
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
from aether_nb.events.codec import canonical
requests = []
class Elsewhere(ScriptedModel):
    local = False
    async def stream(self, request):
        requests.append(canonical(request).decode())
        async for delta in super().stream(request):
            yield delta
def code(text):
    return ToolCall("", "run_python", {{"code": text}})
def use(tool, **arguments):
    return ToolCall("", tool, arguments)
register("model", "far", lambda: Elsewhere([
    code("print(people.email.tolist(), people.nick.tolist())\\npeople"),
    code("people.email.map(lambda text: text.encode().hex()).tolist()"),
    code("raise ValueError(people.email[0] + people.nick[0])"),
    code("copy = people.rename(columns={{'email': 'x'}}); copy['y'] = copy.x.str[::-1]; one = people.email[0]"),
    use("inspect_variable", name="copy"), use("inspect_variable", name="people"), use("list_variables"),
    use("profile_table", name="people"), use("query", sql="select email as e, nick from people"),
    use("inspect_variable", name="people['email']"), use("inspect_variable", name="people['email'][0]"),
    code("wide = people.pivot_table(values='age', columns='email')"), code("open(people.email[0], 'w')"),
    use("inspect_variable", name="wide"), use("list_variables"),
    use("read_file", path="people.csv"),
    use("inspect_variable", name="one"), "Done."], name="far"))
"""


def disguises(value: str) -> Iterator[str]:
    """A value as it may look in a request: raw, escaped, encoded, turned round."""
    yield value
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
    yield value.encode().hex()
    yield base64.b64encode(value.encode()).decode()[:20]
    yield value[::-1]
    yield value.upper()


def holds(text: str, value: str) -> list[str]:
    """The disguises of a value that a text holds."""
    return [one for one in disguises(value) if one in text]


def everything(folder: Path) -> str:
    """All files of a folder in one text, byte for byte."""
    return "".join(f.read_bytes().decode("latin-1") for f in sorted(folder.rglob("*")) if f.is_file())


def asked(tmp_path: Path, environment: dict[str, str]) -> tuple[Cell, str, str, str]:
    """A run in a kernel of its own: its cell, its requests, what ``%aether egress`` says, and its packed record."""
    (tmp_path / "people.csv").write_text(f"email,nick\n{PLANTED[0]},{PLANTED[1]}\n", encoding="utf-8")
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    with Kernel(Path(sys.executable), {"AETHER_MAX_STEPS": "20", **environment}, tmp_path) as kernel:
        assert kernel.run(LOAD).status == "ok"
        cell = kernel.run("%%aether --model far\nWho is there?")
        assert cell.status == "ok", (cell.error, cell.of("error"))
        sent = kernel.run("print('\\n'.join(requests))").text()
        told = kernel.run("%aether egress").text() + kernel.run("%aether trace").text()
        run = kernel.run("%aether runs").text()
        assert run
    return cell, sent, told, everything(tmp_path / ".aether")


@pytest.mark.parametrize("level", ["schema", "stats", "sample", "all"])
def test_of_a_hidden_column_nothing_leaves_or_lasts(tmp_path: Path, level: str) -> None:
    """Whatever code prints, returns, raises, copies or renames: no request, record, blob or picture has its values."""
    cell, sent, told, record = asked(tmp_path, {"AETHER_DATA": level, "AETHER_HIDE": "e?ail"})
    assert "people" in sent and "int64" in sent
    for place, text in {
        "request": sent,
        "verbs": told,
        "record": record,
        "picture": shown(cell, "text/html") + shown(cell),
    }.items():
        assert holds(text, PLANTED[0]) == [], place
    assert "→ far" in told and "withheld" in sent


@pytest.mark.parametrize(
    ("level", "figures", "values"), [("schema", 0, 0), ("stats", 1, 0), ("sample", 1, 1), ("all", 1, 1)]
)
def test_what_leaves_is_what_the_level_lets(tmp_path: Path, level: str, figures: int, values: int) -> None:
    """Names always; figures from stats on; values from sample on; what code prints only without a limit."""
    _, sent, told, _ = asked(tmp_path, {"AETHER_DATA": level})
    assert "age" in sent and "int64" in sent
    assert ("30 … 37" in sent or "37" in sent) >= bool(figures)
    assert bool(holds(sent, PLANTED[1])) is bool(values)
    printed = PLANTED[0].encode().hex() in sent
    assert printed is (level == "all")
    assert f"--data {level}" in sent or level == "all"
    assert "→ far" in told


HELPED = """
from aether_nb.session.delegating import SPAWN
class Delegating(Elsewhere):
    def __init__(self): super().__init__([""], name="delegating")
    async def stream(self, request):
        made = [call.name for message in request.messages for call in message.calls]
        steps = [code("copy = people.rename(columns={'email': 'x'})"), use(SPAWN, task="Look at copy"), None]
        alone = request.messages[-1].role == "user" and "Look at copy" in request.messages[-1].text
        step = None if alone else steps[len(made)]
        async for delta in Elsewhere([[step] if step else "Done."]).stream(request):
            yield delta
register("model", "delegating", Delegating)
"""


def test_whoever_is_asked_next_knows_which_variables_code_has_made(tmp_path: Path) -> None:
    """A child in the middle of a run, and a cell asked once more: a copy with other names shows no hidden value."""
    with Kernel(Path(sys.executable), {"AETHER_HIDE": "email", "AETHER_MAX_STEPS": "9"}, tmp_path) as kernel:
        assert kernel.run(LOAD + HELPED).status == "ok"
        for begin in ("", "%aether new"):  # a new conversation is about the same variables
            kernel.run(begin)
            cell = kernel.run("%%aether --model delegating\nWho is there?")
            assert cell.status == "ok", cell.of("error")
        sent = kernel.run("print(len(requests)); print('\\n'.join(requests))").text()
    assert int(sent.splitlines()[0]) == 8 and "copy: pandas.DataFrame" in sent
    assert holds(sent, PLANTED[0]) == []


def test_a_packed_record_has_no_hidden_value_either(tmp_path: Path) -> None:
    """Also of a run that a model on this machine has worked on, which was told everything."""
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    with Kernel(
        Path(sys.executable), {"AETHER_HIDE": "email", "JPY_SESSION_NAME": str(tmp_path / "a.ipynb")}, tmp_path
    ) as kernel:
        assert kernel.run(LOAD.replace("local = False", "local = True")).status == "ok"
        assert kernel.run("%%aether --model far\nWho is there?").status == "ok"
        assert holds(kernel.run("print(requests[-1])").text(), PLANTED[0])
        assert "did not leave" in kernel.run("%aether egress").text()
    archive = tmp_path / "given.zip"
    assert main(["pack", str(tmp_path / "a.ipynb"), "--out", str(archive)]) == 0
    with zipfile.ZipFile(archive) as opened:
        text = "".join(opened.read(name).decode("latin-1") for name in opened.namelist())
    assert "run_python" in text and holds(text, PLANTED[0]) == []
