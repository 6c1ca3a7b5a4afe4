"""The small parts: what a server complains of, what it answers, what it asks, and what a question mentions."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.errors import MentionFailed, RepairableToolError
from aether_nb.events.messages import Image, Part, Text
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.eliciting import answered
from aether_nb.tools.mcp.logs import BoundedLog
from aether_nb.tools.mcp.mentioning import mentioned
from aether_nb.tools.mcp.results import parts_of_blocks, result_of, text_of
from harness.servers import ODD
from harness.tools import ToolContext

PIXEL = ODD.read_text().split('PIXEL = "')[1].split('"')[0]


def block(kind: str, **more: Any) -> Any:
    """A piece of an answer, as the SDK gives it."""
    return SimpleNamespace(type=kind, **more)


def test_a_log_keeps_the_last_and_never_grows_beyond_its_bound(tmp_path: Path) -> None:
    """Whatever a server writes: the file stays small, and its end is there."""
    log = BoundedLog(tmp_path / "logs" / "a.log", largest=10_000)
    for number in range(2_000):
        log.write(f"line {number} {'x' * 50}\n".encode())
        assert log.file.stat().st_size <= 10_000
    log.write(b"y" * 50_000 + b"\nthe end\n")
    assert log.file.stat().st_size <= 10_000
    assert log.tail(1) == "the end"
    assert BoundedLog(log.file, 10_000).tail(1) == "the end"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The folder may be gone, or a file of that name stand in its place."""
    (tmp_path / "logs").write_text("")
    log = BoundedLog(tmp_path / "logs" / "a.log")
    log.note("hello")
    assert log.tail() == ""


async def test_many_pieces_are_bounded_together() -> None:
    """A hundred texts and ten pictures are a few pictures and so many characters."""
    blocks = [block("image", data=PIXEL, mime_type="image/png")] * 10 + [block("text", text="x" * 3_000)] * 100
    parts = await parts_of_blocks(blocks)
    assert sum(isinstance(part, Image) for part in parts) == 4
    assert sum(len(part.text) for part in parts if isinstance(part, Text)) < 30_000
    assert text_of(parts).endswith("60 more pieces left out …")


@pytest.mark.parametrize(
    ("piece", "told"),
    [
        (block("image", data="!!!", mime_type="image/png"), "(a picture that cannot be read)"),
        (block("image", data="A" * 6_000_000, mime_type="image/png"), "left out"),
        (block("hologram"), "of a kind that is not known here: hologram"),
        (block("resource", resource=SimpleNamespace(uri="a://b", blob="QUJD", mime_type="application/zip")), "3 bytes"),
        (block("resource", resource=SimpleNamespace(uri="a://b", blob=PIXEL, mime_type="image/png")), "(a picture, "),
    ],
)
async def test_what_no_model_can_be_shown_is_named(piece: Any, told: str) -> None:
    """Nothing is passed on unread, and nothing is left out silently."""
    assert told in text_of(await parts_of_blocks([piece]))


async def test_what_a_call_brings() -> None:
    """Structured content stands in for text; nothing is said to be nothing; an error is raised with its reason."""
    structured = SimpleNamespace(content=[], structured_content={"a": 1}, is_error=False)
    assert text_of((await result_of("s", "t", structured)).parts) == '{"a": 1}'
    nothing = SimpleNamespace(content=[], structured_content=None, is_error=False)
    assert text_of((await result_of("s", "t", nothing)).parts) == "(it answers with nothing)"
    with pytest.raises(RepairableToolError) as failed:
        await result_of("s", "t", SimpleNamespace(content=[], structured_content=None, is_error=True))
    assert failed.value.why == "it does not say why"


class Person(ToolContext):
    """A person who answers from a list."""

    def __init__(self, *answers: str | None) -> None:
        super().__init__()
        self.answers = list(answers)

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        self.asked.append((text, options))
        return self.answers.pop(0)


def form(required: tuple[str, ...] = (), **fields: Any) -> Any:
    """A form, as a server sends it."""
    return SimpleNamespace(
        message="Please.", mode="form", requested_schema={"properties": fields, "required": required}
    )


async def test_every_kind_of_field_is_asked_for() -> None:
    """Choices by their titles, several between commas, numbers; what may be left out can be."""
    titled = {"oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]}
    person = Person("Green", "b, a", "1.5", "leave it out", "B")
    said = await answered(
        "s",
        person,
        form(
            colour={"type": "string", **titled},
            tags={"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            share={"type": "number"},
            note={"type": "string"},
            old={"type": "string", "enum": ["x", "y"], "enumNames": ["A", "B"]},
        ),
    )
    assert said.action == "accept"
    assert said.content == {"colour": "g", "tags": ["b", "a"], "share": 1.5, "old": "y"}
    assert person.asked[0][1] == ("Red", "Green", "leave it out", "decline")
    assert "words between commas: a, b" in person.asked[1][0]


async def test_what_does_not_fit_three_times_is_declined() -> None:
    """So is everything when nobody answers, when no call is going on, and when a form has no end."""
    assert (await answered("s", Person("x", "y", "z"), form(("n",), n={"type": "integer"}))).action == "decline"
    assert (await answered("s", Person(None), form(n={"type": "integer"}))).action == "decline"
    assert (await answered("s", None, form(n={"type": "integer"}))).action == "decline"
    assert (await answered("s", Person(), form(**{f"n{i}": {} for i in range(50)}))).action == "decline"
    longer = form(("t",), t={"type": "string", "maxLength": 2})
    assert (await answered("s", Person("abc", "abc", "ab"), longer)).content == {"t": "ab"}


async def test_a_plain_yes_and_an_address() -> None:
    """A form without fields is a yes or a no; an address is opened by the person, or not at all."""
    assert (await answered("s", Person("yes"), form())).action == "accept"
    assert (await answered("s", Person("decline"), form())).action == "decline"
    place = SimpleNamespace(message="Sign in.", mode="url", url="https://x.example/login")
    person = Person("I have opened it")
    assert (await answered("s", person, place)).action == "accept"
    assert "https://x.example/login" in person.asked[0][0]
    assert (await answered("s", Person(None), place)).action == "decline"


async def test_a_resource_is_found_in_a_question() -> None:
    """By a server's name and an address; a sentence's end is none of it, and other words with signs are no mention."""
    read: list[tuple[str, str]] = []

    async def reading(server: str, uri: str) -> list[Part]:
        read.append((server, uri))
        return [Text(f"<{uri}>", "output")]

    prompt = "Compare @docs:file:///a.md with (@docs:db://t/1). Mail me@docs:x:y, @other:a://b, @docs:file:///a.md!"
    parts = await mentioned(prompt, frozenset({"docs"}), reading)
    assert read == [("docs", "file:///a.md"), ("docs", "db://t/1")]
    assert text_of(parts).startswith("\n\n@docs:file:///a.md was, when this was asked:\n\n<file:///a.md>")
    assert all(part.data == "output" for part in parts)


async def test_a_resource_that_cannot_be_read_stops_the_question() -> None:
    """A slip shows before anything is asked of a model."""

    async def reading(server: str, uri: str) -> list[Part]:
        raise RepairableToolError("It is not there.")

    with pytest.raises(MentionFailed, match="cannot be read") as failed:
        await mentioned("@docs:a://b", frozenset({"docs"}), reading)
    assert (failed.value.why, failed.value.hint) == ("It is not there.", "%aether mcp resources docs")


def test_who_agrees_sees_what_decides() -> None:
    """Of what came with a project the values of variables and headers are shown, where keys are not; and the folder."""
    theirs = Definition(
        "a", ".mcp.json", command=("python", "-m", "x"), environment={"NODE_OPTIONS": "--require ./x.js"}, folder="sub"
    )
    assert theirs.what == "python -m x (with NODE_OPTIONS=--require ./x.js, in the folder sub)"
    leaving = Definition("b", ".mcp.json", "http", address="https://h/mcp", headers={"A": "${OPENAI_API_KEY}"})
    assert leaving.what == "https://h/mcp (with A=${OPENAI_API_KEY})"
    mine = Definition("c", "aether.toml", "http", address="https://h/mcp", headers={"A": "secret"}, scope="user")
    assert mine.what == "https://h/mcp (with A)"


def test_a_program_that_is_a_module_is_agreed_to_with_its_text(tmp_path: Path) -> None:
    """When a module of the project that the command runs becomes another one, it has to be agreed to again."""
    server = Definition("a", ".mcp.json", command=("python", "-m", "server"))
    (tmp_path / "server.py").write_text("print(1)")
    before = server.fingerprint(tmp_path)
    assert server.fingerprint(tmp_path) == before
    (tmp_path / "server.py").write_text("print(2)")
    assert server.fingerprint(tmp_path) != before
