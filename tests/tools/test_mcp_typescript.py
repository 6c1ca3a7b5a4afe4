"""The example of a server in TypeScript: its types hold, and it runs as its head says, by a newer Node and an older."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aether_nb.events.messages import Text
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.connection import Connection
from harness import node
from harness.servers import WORDS, around, connected, tools_of
from harness.tools import ToolContext

PINS = Path(__file__).parents[1] / "widgets"
STRICT = "--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --skipLibCheck --noEmit --types node"
STRIPPED = "--module esnext --moduleResolution bundler --target es2023 --erasableSyntaxOnly --verbatimModuleSyntax"
"""What Node asks of a file whose types it only leaves out."""


@pytest.fixture(scope="module")
def modules() -> Path:
    """What is pinned for the tests of scripts."""
    return node.modules(PINS)


async def counted(*command: str, folder: Path) -> str:
    """What the server says of a sentence."""
    async with connected(Definition("words", "a test", command=command), folder) as connection:
        tool = tools_of(connection, trusted=True)["count"]
        assert (tool.risk, tool.effect) == ("low", "pure")
        result = await tool.run(tool.check({"text": "To be or not to be a constructor"}), ToolContext())
    return "".join(part.text for part in result.parts if isinstance(part, Text))


SAID = '{"to":2,"be":2,"or":1,"not":1,"a":1,"constructor":1}'


async def test_node_runs_it_as_it_is(tmp_path: Path) -> None:
    """Without a package, copied to where servers are looked for."""
    place = shutil.copy(WORDS, tmp_path)
    assert await counted(str(node.program()), str(place), folder=tmp_path) == SAID


async def test_a_node_that_cannot_is_said(tmp_path: Path) -> None:
    """Nobody reads a stack of Node's own to learn which command does."""
    older = (str(node.program()), "--no-experimental-strip-types", str(WORDS))
    connection = Connection(Definition("words", "a test", command=older), around(tmp_path))
    assert not await connection.ready()
    assert "22.18 and later do" in connection.error and "npx -y tsx" in connection.error
    await connection.close()


@pytest.mark.slow
async def test_an_older_node_runs_it_by_tsx(modules: Path, tmp_path: Path) -> None:
    """The Node of this machine, whichever it is, and ours where it has none."""
    runs = shutil.which("node") or str(node.program())
    assert await counted(runs, str(modules / "tsx" / "dist" / "cli.mjs"), str(WORDS), folder=tmp_path) == SAID


@pytest.mark.slow
def test_its_types_hold(modules: Path, tmp_path: Path) -> None:
    """TypeScript's checker has nothing to say of it, and has of the same with a mistake in it."""
    text = WORDS.read_text(encoding="utf-8")
    wrong = text.replace("seen.get(word) ?? 0", "seen.get(word)")
    files = {"words.ts": text, "wrong.ts": wrong}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = [str(node.program()), str(modules / "typescript" / "bin" / "tsc"), *STRICT.split(), *STRIPPED.split()]
    command += ["--typeRoots", str(modules / "@types"), *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    [line] = done.stdout.splitlines()
    assert line.startswith("wrong.ts(") and "Object is possibly 'undefined'" in line
