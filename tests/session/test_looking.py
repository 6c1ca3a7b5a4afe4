"""Scanned pages: read from their pictures by the model for the role vision, when somebody says so, and once only."""

from __future__ import annotations

import base64
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aether_nb import cli
from aether_nb.models.scripted import ScriptedModel
from aether_nb.registry import register
from aether_nb.session.opening import open_record
from aether_nb.store.log import JOURNAL
from harness import papers
from harness.home import bare

Say = Callable[[str], str]


class Eye(ScriptedModel):
    """A model elsewhere that reads any page."""

    local = False

    def __init__(self) -> None:
        super().__init__([self.told] * 9, name="eye")
        self.pictures: list[bytes] = []

    def told(self, request: Any) -> str:
        """What it sees."""
        (picture,) = (part for part in request.messages[-1].parts if part.data == "image")
        self.pictures.append(base64.b64decode(picture.base64))
        return f"The pump of hall {len(self.pictures)} is loud."


@pytest.fixture
def eye() -> Eye:
    made = Eye()
    register("model", "eye", made)
    return made


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Types a line behind ``aether`` in a folder with a scanned paper; gives all that is printed."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(papers.pdf(["first words", "", ""]))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        "os.environ", bare(tmp_path / "home") | {"AETHER_EMBEDDER": "none", "AETHER_VISION_MODEL": "eye"}
    )

    def typed(line: str) -> str:
        cli.main(line.split())
        said = capsys.readouterr()
        return said.out + said.err

    return typed


def test_scanned_pages_are_read_when_somebody_says_so_and_paid_once(say: Say, eye: Eye) -> None:
    """Without --look they are named; with it each is a picture, cited with who read it; the same is not asked twice."""
    assert "pictures, which nobody has read: 2, 3. A model for the role vision reads them" in say("know add scan.pdf")
    assert eye.pictures == []
    added = say("know add scan.pdf --look")
    assert "1 changed; 3 chunks" in added and "2 pages read from pictures by eye: 0 tokens, $0.0000." in added
    kinds = [(picture[:8], struct.unpack(">II", picture[16:24])) for picture in eye.pictures]
    assert kinds == [(b"\x89PNG\r\n\x1a\n", (1125, 1500))] * 2
    from PIL import Image

    assert Image.open(io.BytesIO(eye.pictures[0])).convert("L").getextrema() == (0, 255)
    found = say("know search pump hall")
    assert "scan.pdf, page 2" in found and "The pump of hall 1 is loud." in found
    shown = say("know show scan.pdf")
    assert "pages read from pictures by eye: 2, 3" in shown and "page 3, read from its picture by eye" in shown
    assert "1 unchanged" in say("know add scan.pdf --look") and len(eye.pictures) == 2
    say("know remove scan.pdf")
    assert "2 pages read" in say("know add scan.pdf --look") and len(eye.pictures) == 2


def test_what_was_shown_is_counted_as_leaving(say: Say, eye: Eye) -> None:
    """The journal has a request for each picture, and ``egress`` says where they went."""
    say("know add scan.pdf --look")
    events = [entry.event for entry in open_record().log.read(JOURNAL)]
    assert [(event.purpose, event.left.to, event.left.images) for event in events] == [  # type: ignore[attr-defined]
        ("pages that are pictures", "eye", 1)
    ] * 2
    assert "beside the runs, pages that are pictures: eye: 2 requests, no rows, 0 columns, 2 pictures" in say("egress")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AETHER_DATA", "schema", "Pictures of pages do not leave this machine."),
        ("AETHER_HIDE", "mail", "Pictures of pages do not leave this machine."),
        ("AETHER_LOCAL_ONLY", "on", "only local models are allowed"),
        ("AETHER_VISION_MODEL", "", "Nobody looks at pictures."),
    ],
)
def test_nothing_is_shown_where_it_may_not_be(
    say: Say, eye: Eye, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """A limit of data, a hidden column, only local models, no model for it: it is said, and nothing is sent."""
    monkeypatch.setitem(os.environ, variable, value)
    assert said in say("know add scan.pdf --look")
    assert eye.pictures == [] and "Nothing is in there yet" in say("know")


def test_a_model_that_fails_or_costs_too_much_leaves_pages_unread(say: Say) -> None:
    """The text of the other pages is kept, the pages are named with the reason, and the next time goes on with them."""
    register("model", "eye", ScriptedModel(["The pump is loud."], name="eye"))
    added = say("know add scan.pdf --look")
    assert "1 added; 2 chunks" in added and "which nobody has read: 3. " in added
    register("model", "eye", ScriptedModel(["The valve is shut."], name="eye"))
    assert "2 pages read from pictures" in say("know add scan.pdf --look")
    assert "The valve is shut." in say("know show scan.pdf")
