"""Templates of tasks: what a file says, what is filled in, and what has to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_nb.errors import OptionError
from aether_nb.jobs.templates import SHIPPED, find, found, read
from aether_nb.tools.toolbox import toolbox

TEXT = """\
name: compare
description: >
  Compare a
  figure.
parameters:
  table: {description: the table}
  by: {default: 3}
  plain: a word about it
tools: [query]
servers: one
mode: plan
task: |
  Compare ${table} by $by, {table.sum()} and $`x`; costs $$5, ${unknown}.
"""


def written(folder: Path, text: str, name: str = "compare") -> Path:
    """A template in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.yaml"
    file.write_text(text)
    return file


def test_a_template_is_filled(tmp_path: Path) -> None:
    """Blanks are filled with what is given, else with their defaults; whatever else stands there stays as it is."""
    template = read(written(tmp_path, TEXT))
    assert (template.name, template.description, template.options) == ("compare", "Compare a figure.", ("--mode plan",))
    assert (template.tools, template.servers) == (("query",), ("one",))
    text = template.filled({"table": "df", "plain": "x"})
    assert text == "Compare df by 3, {table.sum()} and $`x`; costs $5, ${unknown}."
    assert template.usage == "aether execute --template compare --set 'table=…; plain=…'"


@pytest.mark.parametrize(
    ("given", "what"), [({}, "compare needs table, plain"), ({"tabel": "df"}, "compare takes no 'tabel'")]
)
def test_a_blank_that_is_missing_or_unknown_is_named(tmp_path: Path, given: dict[str, str], what: str) -> None:
    """Nothing begins with half a task."""
    with pytest.raises(OptionError, match=what):
        read(written(tmp_path, TEXT)).filled(given)


def test_what_it_needs_is_looked_for_before_it_begins(tmp_path: Path) -> None:
    """A tool or a server that is not there is named."""
    template = read(written(tmp_path, TEXT))
    template.ready(["query", "plot"], ["one"])
    with pytest.raises(OptionError, match="There is no tool query"):
        template.ready(["plot"], ["one"])
    with pytest.raises(OptionError, match="There is no server one"):
        template.ready(["query"], [])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("task: [", "is no template"),
        ("- a", "It has no task"),
        ("task: x\ncolour: red", "says 'colour'"),
        ("task: x\nparameters: [a]", "are no names"),
        ("task: x\nmode: auto --approve auto", "mode cannot be 'auto --approve auto'"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """The error names the file and what is wrong."""
    with pytest.raises(OptionError, match=what):
        read(written(tmp_path, text))


def test_the_nearer_template_counts(tmp_path: Path) -> None:
    """One's own comes before those that are shipped, and a project's last: it hides none, and sets no mode."""
    own = tmp_path / "own"
    written(tmp_path / "here" / ".aether" / "templates", "task: the project's", "disk-usage")
    written(tmp_path / "here" / ".aether" / "templates", "task: theirs\nmode: auto\ndata: all", "theirs")
    written(own / "templates", "task: mine", "mine")
    written(own / "templates", "task: mine", "disk-usage")
    assert list(found(tmp_path / "here", own))[:2] == ["disk-usage", "mine"]
    assert find("disk-usage", tmp_path / "here", own).task == "mine"
    assert find("theirs", tmp_path / "here", own).options == ()
    assert find(str(own / "templates" / "mine.yaml"), tmp_path, tmp_path).task == "mine"
    with pytest.raises(OptionError, match="There is: disk-usage"):
        find("disk-use", tmp_path / "here", own)


def test_a_broken_one_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    """It is named with what is wrong, whoever asks for it is told, and no later one stands in its place."""
    place, own = tmp_path / ".aether" / "templates", tmp_path / "own"
    written(place, "task: [", "bad")
    written(place, "colour: red\nname: odd\n", "worse")
    written(place, "task: theirs", "mine")
    written(own / "templates", "name: 'mine'\ntask: x\nmode: wild", "other")
    assert find("disk-usage", tmp_path, own).name == "disk-usage"
    there = found(tmp_path, own)
    assert {name for name, one in there.items() if isinstance(one, OptionError)} == {"bad", "odd", "mine"}
    for name, said in (("bad", "is no template"), ("odd", "It has no task"), ("mine", "mode cannot be 'wild'")):
        with pytest.raises(OptionError, match=said):
            find(name, tmp_path, own)


def test_the_shipped_ones_can_begin() -> None:
    """Each says what it is for, belongs to a category, and needs only what is always there."""
    shipped = [read(file) for file in sorted(SHIPPED.glob("*.yaml"))]
    assert {template.category for template in shipped} == {"data", "development", "infrastructure", "compliance"}
    for template in shipped:
        template.ready(tuple(toolbox({})), ())
        assert template.description
        assert "${" not in template.filled(dict.fromkeys(template.parameters, "x"))


def test_half_a_template_is_none(tmp_path: Path) -> None:
    """One that is too large is refused, and not cut."""
    with pytest.raises(OptionError, match="too large for a template"):
        read(written(tmp_path, "task: x\n" + "#" * 64 * 1024))
