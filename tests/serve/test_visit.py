"""Our tools in the hands of another agent: by the official client, in both eras, by the same gates, in the record."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.live.bridge import run_blocking
from aether_nb.live.jobs import Jobs
from aether_nb.serve.protocol import ending, guarded, question, server
from aether_nb.serve.visit import Visit
from aether_nb.session.conversation import Session
from aether_nb.session.opening import open_session
from harness.keeping import new_shell

AETHER = [sys.executable, "-m", "aether_nb"]


class Person:
    """Somebody at the other agent's side, who says yes or no and remembers what was asked."""

    def __init__(self, says: bool) -> None:
        self.says = says
        self.asked: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        choices = params.requested_schema["properties"]["answer"].get("enum")
        return ElicitResult(action="accept", content={"answer": choices[0 if self.says else -1]})


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A program of its own, with nobody at its own side."""
    monkeypatch.chdir(tmp_path)
    opened = open_session(new_shell())
    yield opened
    opened.close()


def visiting(
    session: Session,
    work: Callable[[Client], Coroutine[Any, Any, None]],
    person: Person | None = None,
    mode: str = "auto",
) -> None:
    """Do something as another agent, with this thread as the main one."""

    async def visit(jobs: Jobs) -> None:
        made = Visit(session, jobs, "a test")
        async with Client(server(made), mode=mode, elicitation_callback=person) as client:
            await work(client)
        await made.leave()

    run_blocking(session.thread, visit)


async def called(client: Client, name: str, **arguments: Any) -> tuple[bool, str]:
    """Whether a call came to good, and what it said."""
    result = await client.call_tool(name, arguments)
    return not result.is_error, "".join(getattr(block, "text", "") for block in result.content)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_variables_are_made_looked_at_and_changed(session: Session, mode: str) -> None:
    """Low risk runs without a question; what comes back is what a model of ours would be told, without its fence."""

    async def work(client: Client) -> None:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert names == [
            "list_variables", "inspect_variable", "profile_table", "query", "run_python", "plot", "use_skill",
        ]  # fmt: skip
        assert await called(client, "run_python", code="x = 40 + 2\nx") == (
            True,
            "[value] 42\n[changed]\nadded x: int, = 42",
        )
        assert await called(client, "list_variables") == (True, "variables (1):\n- x: int = 42")
        good, said = await called(client, "run_python", code="1/0")
        assert not good and "ZeroDivisionError" in said

    visiting(session, work, mode=mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("says", [True, False])
def test_what_is_asked_about_is_asked_at_the_other_side(
    session: Session, tmp_path: Path, mode: str, says: bool
) -> None:
    """In sight of the code and why it is asked about; the answer is for exactly this call, and stands in the record."""
    person, code = Person(says), f"from pathlib import Path\nPath({str(tmp_path / 'x')!r}).write_text('hi')"

    async def work(client: Client) -> None:
        good, said = await called(client, "run_python", code=code)
        assert good is says and ("person said no" in said) is not says

    visiting(session, work, person, mode)
    (asked,) = person.asked
    assert code in asked and "high risk" in asked and "· " in asked
    assert (tmp_path / "x").exists() is says
    (run,) = session.store.log.runs()
    answers = [entry.event for entry in session.store.log.read(run.id) if isinstance(entry.event, k.GateAnswered)]
    assert [(one.decision, one.by) for one in answers] == [("approve" if says else "deny", "mcp:a-test")]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("says", [True, False])
def test_what_code_asks_while_it_runs_is_asked_there_too(session: Session, mode: str, says: bool) -> None:
    """The guard stops at a program that the card did not name; the answer lets it go on, or raises in the code."""
    person = Person(True)
    answer = person.__call__

    async def then(context: Any, params: Any) -> ElicitResult:
        person.says = says if len(person.asked) == 1 else True
        return await answer(context, params)

    async def work(client: Client) -> None:
        code = "import os\nos.system('true')"
        good, said = await called(client, "run_python", code=code)
        assert good is says, said

    visiting(session, work, then, mode)  # type: ignore[arg-type]
    assert len(person.asked) == 2 and "true" in person.asked[1]


def test_half_a_surrogate_pair_ends_nothing(session: Session) -> None:
    """What UTF-8 cannot say is U+FFFD there, in an answer and in an error; the next call is answered as well."""

    async def work(client: Client) -> None:
        assert (await called(client, "run_python", code="print('a\\ud800b')"))[1].splitlines()[-1] == "a\ufffdb"
        assert "ValueError: \ufffd" in (await called(client, "run_python", code="raise ValueError('\\udc00')"))[1]
        assert await called(client, "run_python", code="6 * 7") == (True, "[value] 42")

    visiting(session, work)


def test_a_question_shows_that_there_is_half_a_pair() -> None:
    """Who is asked sees that something stands there, and control signs are left out as ever."""
    call = ToolCall("c", "run_python", {"code": "x = '\ud800\x1b'"})
    proposed = k.CallProposed(call, "h", "high", "external")
    assert "code: x = '\ufffd'" in question(proposed)


def test_a_client_that_cannot_ask_gets_no(session: Session, tmp_path: Path) -> None:
    """Nobody there means no; other calls go on."""

    async def work(client: Client) -> None:
        good, said = await called(client, "run_python", code=f"open({str(tmp_path / 'x')!r}, 'w')")
        assert not good and "nobody was there to approve it" in said
        assert (await called(client, "run_python", code="1 + 1"))[0]

    visiting(session, work)
    assert not (tmp_path / "x").exists()


def test_an_answer_that_was_given_to_another_call_counts_for_nothing(session: Session, tmp_path: Path) -> None:
    """What a client sends along without having been asked about this very call is asked about."""

    async def work(client: Client) -> None:
        code = f"open({str(tmp_path / 'x')!r}, 'w')"
        said: Any = ElicitResult(action="accept", content={"answer": "yes, run it"})
        result = await client.session.call_tool(
            "run_python",
            {"code": code},
            input_responses={"question": said},
            request_state="made up",
            allow_input_required=True,
        )
        assert type(result).__name__ == "InputRequiredResult"

    visiting(session, work, Person(True))
    assert not (tmp_path / "x").exists()


def test_nonsense_and_other_tools_are_refused(session: Session) -> None:
    """A visitor has the tools that are offered, and no others."""

    async def work(client: Client) -> None:
        good, said = await called(client, "shell", command="ls")
        assert not good and "There is no tool 'shell'" in said
        good, said = await called(client, "run_python", cod="1")
        assert not good and "cannot be called like this" in said

    visiting(session, work)


def test_a_call_that_is_cancelled_stops_and_the_next_one_runs(session: Session) -> None:
    """As Stop does it: the code is interrupted, the run ends, and the visit goes on in a new one."""

    async def work(client: Client) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await called(client, "run_python", code="import time\ntime.sleep(60)")
        assert await called(client, "run_python", code="6 * 7") == (True, "[value] 42")

    visiting(session, work)
    assert sorted(run.outcome for run in session.store.log.runs()) == ["cancelled", "done"]


def test_code_that_raises_an_interrupt_ends_its_call_alone(session: Session) -> None:
    """Nobody pressed Stop here: it is told as an error, and the kernel and its variables are still there."""

    async def work(client: Client) -> None:
        assert (await called(client, "run_python", code="x = 42"))[0]
        good, said = await called(client, "run_python", code="raise KeyboardInterrupt")
        assert not good and "KeyboardInterrupt" in said
        assert await called(client, "run_python", code="x") == (True, "[value] 42")

    visiting(session, work)
    assert [run.outcome for run in session.store.log.runs()] == ["done"]


def test_several_calls_at_once_all_come_back(session: Session) -> None:
    """Each gets its own answer, whatever the order."""

    async def work(client: Client) -> None:
        calls = [called(client, "run_python", code=f"{n} * 2") for n in range(5)]
        assert [said for _, said in await asyncio.gather(*calls)] == [f"[value] {n * 2}" for n in range(5)]

    visiting(session, work)


@pytest.mark.slow
def test_over_standard_input(tmp_path: Path) -> None:
    """``aether mcp serve`` as another program starts it: what code prints does not get between the messages."""
    home = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME", "PYTHONPATH", "PATH")}
    started = StdioServerParameters(command=AETHER[0], args=[*AETHER[1:], "mcp", "serve"], cwd=tmp_path, env=home)

    async def work() -> None:
        async with Client(started, elicitation_callback=Person(True)) as client:
            code = "import os\nprint('out', flush=True)\nos.write(1, b'raw')\nlen('abc')"
            assert "[value] 3" in (await called(client, "run_python", code=code))[1]
            assert "x: int" in (await called(client, "run_python", code="x = 1"))[1]

    asyncio.run(asyncio.wait_for(work(), 60))


@pytest.mark.slow
def test_over_an_address_with_a_token(tmp_path: Path) -> None:
    """``aether mcp serve --http`` listens on this machine alone, and answers only who knows the token."""
    process = subprocess.Popen([*AETHER, "mcp", "serve", "--http"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        address, _, header = process.stderr.readline().strip().partition("   Authorization: ")
        assert address.startswith("http://127.0.0.1:")

        async def work(token: str) -> bool:
            async with (
                create_mcp_http_client(headers={"Authorization": token}) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                return (await called(client, "run_python", code="6 * 7"))[0]

        assert asyncio.run(asyncio.wait_for(work(header), 60))
        with pytest.raises((MCPError, ExceptionGroup)):
            asyncio.run(asyncio.wait_for(work("Bearer wrong"), 60))
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()


@pytest.mark.slow
@pytest.mark.parametrize("listening", [False, True])
def test_an_address_is_left_without_a_complaint(tmp_path: Path, listening: bool) -> None:
    """Ctrl-C ends it at once and says so in a word, also while a client has a stream open."""
    process = subprocess.Popen([*AETHER, "mcp", "serve", "--http"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        address, _, header = process.stderr.readline().strip().partition("   Authorization: ")

        async def work() -> str:
            client = create_mcp_http_client(headers={"Authorization": header})
            async with client as http, Client(streamable_http_client(address, http_client=http), mode="legacy") as one:
                await one.list_tools()
                await asyncio.sleep(0.5)  # its stream for what the server says by itself is open
                process.send_signal(signal.SIGINT)
                return await asyncio.to_thread(process.stderr.read)

        async def alone() -> str:
            await asyncio.sleep(1.0)
            process.send_signal(signal.SIGINT)
            return await asyncio.to_thread(process.stderr.read)

        assert asyncio.run(asyncio.wait_for(work() if listening else alone(), 30)) == "interrupted\n"
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
        process.wait(timeout=20)
        process.stderr.close()


async def test_a_stream_ends_when_it_is_over() -> None:
    """Its application hears that the client has gone, and the client that no more comes; others are not touched."""
    over, sent, never = asyncio.Event(), list[Any](), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        await send({"type": "http.response.start", "status": 200})
        assert (await receive())["type"] == "http.disconnect"

    coming = [{"type": "http.request"}]

    async def receive() -> Any:
        return coming.pop() if coming else await never.wait()

    async def send(message: Any) -> None:
        sent.append(message["type"])

    answering = asyncio.create_task(ending(app, over)({"type": "http"}, receive, send))
    await asyncio.sleep(0.01)
    assert not answering.done()
    over.set()
    await asyncio.wait_for(answering, 5)
    assert sent == ["http.response.start", "http.response.body"]


async def test_without_the_token_nothing_is_answered() -> None:
    """Not even what there is."""
    reached: list[Any] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)

    async def send(message: Any) -> None:
        sent.append(message)

    guard = guarded(app, "secret")
    for given in ([], [(b"authorization", b"Bearer other")], [(b"authorization", b"secret")]):
        await guard({"type": "http", "headers": given}, None, send)
    assert not reached and {one.get("status") for one in sent} == {401, None}
    await guard({"type": "http", "headers": [(b"authorization", b"Bearer secret")]}, None, send)
    await guard({"type": "lifespan"}, None, send)
    assert len(reached) == 2
    assert "secret" not in json.dumps(sent, default=str)
