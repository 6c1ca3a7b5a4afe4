"""What a user types to get a model, in a real kernel: keys and choices are asked for, and a key is seen nowhere."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import pytest

from harness.kernel import HANG, Cell, Kernel
from harness.provider import Provider, provider

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

KEY = "sk-right-0123456789abcdef"
WRONG = "sk-wrong-0123456789abcdef"
PROMPT = "Key of openai (it is not shown): "
SEEN = """
print(In, Out, list(get_ipython().history_manager.get_range(raw=True, output=True)))
print(sorted((name, str(value)) for name, value in globals().items() if not name.startswith("_i")))
"""


@contextmanager
def notebook(folder: Path, server: Provider) -> Iterator[Kernel]:
    """A kernel without settings, in whose place of OpenAI and of one's own provider our server stands."""
    home = folder / "home"
    own = home / "config" / "aether-nb" / "aether.toml"
    own.parent.mkdir(parents=True)
    own.write_text(
        f'[providers.mine]\nbase_url = "{server.url}/v1"\nkey_variables = ["MINE_API_KEY"]\nlocal = false\n'
        'sign_up = "https://mine.test/keys"\ndefault_model = "small"\n'
    )
    environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "OPENAI_BASE_URL": f"{server.url}/v1",
    }
    with Kernel(Path(sys.executable), environment, folder) as kernel:
        assert kernel.run("%load_ext aether_nb").status == "ok"
        yield kernel


def typed(kernel: Kernel, code: str, answers: Sequence[str]) -> tuple[Cell, list[tuple[str, bool]]]:
    """A cell that asks, with these answers typed; also what it asked, and whether the answer was hidden."""
    cell, waiting, asked = kernel.send(code, allow_stdin=True), list(answers), []
    until = time.monotonic() + HANG
    while not cell.ended:
        assert time.monotonic() < until, (cell.text(), asked)
        kernel.wait(0.02)
        try:
            request = kernel.client.get_stdin_msg(timeout=0.02)
        except Empty:
            continue
        asked.append((request["content"]["prompt"], request["content"]["password"]))
        kernel.client.input(waiting.pop(0))
    assert waiting == []
    return cell, asked


def asking(kernel: Kernel, code: str) -> Cell:
    """A cell that has asked its first question."""
    cell = kernel.send(code, allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=HANG)
    return cell


def calm(cell: Cell) -> str:
    """The error of a cell as it is shown."""
    assert cell.status == "error"
    return "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", line) for line in cell.of("error")[0]["traceback"])


def test_a_key_is_typed_tried_kept_used_and_seen_nowhere(tmp_path: Path) -> None:
    """A key that is taken serves at once; it is in no message, history, variable or file but the one that keeps it."""
    with provider(accepted=(KEY,)) as server, notebook(tmp_path, server) as kernel:
        cell, asked = typed(kernel, "%aether key openai", [KEY])
        assert asked == [(PROMPT, True)]
        (kept,) = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
        host = server.url.removeprefix("http://")
        assert cell.text().splitlines() == [
            "A key of openai is made at https://platform.openai.com/api-keys",
            f"{host} takes it: 1 model.",
            f"The key of openai is kept in {kept}.",
            "Choose a model: %aether model openai:gpt-5.4-mini",
        ]
        cells = [cell, kernel.run("%aether key"), kernel.run("%%aether\nWhat is six times seven?")]
        assert cells[1].text().splitlines()[0] == f"  openai       {kept}"
        assert "The answer is 42." in str(cells[2].messages)
        looks = ("%history -o", SEEN, "%aether doctor", "%aether trace", "%aether models")
        cells += [kernel.run(line) for line in looks]
        assert [each.status for each in cells] == ["ok"] * len(cells)
        assert f"ok       key        of openai: {kept}" in cells[5].text()
        assert KEY not in str([each.messages for each in cells])
        forgot = kernel.run("%aether key openai --forget")
        assert forgot.text() == "The kept key of openai is forgotten.\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


def test_a_refused_key_is_said_and_kept_only_when_that_is_wished(tmp_path: Path) -> None:
    """Enter alone does not keep a key that the provider does not take; a yes does."""
    with provider(accepted=(KEY,)) as server, notebook(tmp_path, server) as kernel:
        host = server.url.removeprefix("http://")
        cell, asked = typed(kernel, "%aether key openai", [WRONG, ""])
        assert asked == [(PROMPT, True), ("Keep it all the same (y/N)? ", False)]
        assert cell.text().splitlines()[1:] == [
            f"It was tried: {host} refused the key (401).",
            "The key is not kept.",
            "Try another one: %aether key openai",
        ]
        assert kernel.run("%aether key").text().startswith("No key is here.")
        assert list(tmp_path.rglob("openai.json")) == []
        typed(kernel, "%aether key openai", [WRONG, "y"])
        (kept,) = tmp_path.rglob("openai.json")
        assert kept.stat().st_mode & 0o077 == 0
        assert "blocked  key" in kernel.run("%aether doctor openai").text()
        ask = "%%aether\nWhat is six times seven?"
        assert "refused" in calm(kernel.run(ask))
        typed(kernel, "%aether key OpenAI", [KEY])
        assert kernel.run(ask).status == "ok"


@pytest.mark.parametrize(
    ("verb", "hint"),
    [
        ("key openai", "Set OPENAI_API_KEY, or type in a terminal: aether key openai"),
        ("setup", "Name a model: %aether model PROVIDER:MODEL, or set AETHER_MODEL"),
    ],
)
def test_where_nobody_can_type_the_verbs_say_what_to_do_instead(verb: str, hint: str, tmp_path: Path) -> None:
    """A runner of notebooks gets three calm lines at once, and no question that nobody answers."""
    with provider() as server, notebook(tmp_path, server) as kernel:
        cell = kernel.run(f"%aether {verb}", allow_stdin=False)
    why = "This asks questions, and nothing can be answered."
    assert calm(cell) == f"aether: Nobody can type here.\n  why:  {why}\n  next: {hint}"
    assert cell.text() == ""


@pytest.mark.parametrize("verb", ["key openai", "setup"])
def test_stop_ends_a_question_calmly(verb: str, tmp_path: Path) -> None:
    """Whoever presses Stop instead of typing sees two lines, nothing is kept, and the next cell runs."""
    with provider() as server, notebook(tmp_path, server) as kernel:
        cell = asking(kernel, f"%aether {verb}")
        kernel.interrupt()
        kernel.finish(cell)
        assert calm(cell) == "aether: Stopped.\n  why:  What was not said to be kept is not kept."
        assert kernel.run("%aether key").text().startswith("No key is here.")


def test_setup_walks_from_nothing_to_an_answer(tmp_path: Path) -> None:
    """A provider, a key and Enter: the model is tried, remembered, and the next cell is answered by it."""
    with provider(accepted=(KEY,)) as server, notebook(tmp_path, server) as kernel:
        cell, asked = typed(kernel, "%aether setup", ["mine", KEY, ""])
        assert asked == [
            ("Which provider (Enter: leave everything as it is)? ", False),
            ("Key of mine (it is not shown): ", True),
            ("Which model (Enter: small)? ", False),
        ]
        own = tmp_path / "home" / "config" / "aether-nb" / "aether.toml"
        said = cell.text().splitlines()
        assert said[-1] == "mine:small serves from now on."
        assert said[-2] == f"{own} remembers it."
        assert [line.split()[:2] for line in said[-7:-2]] == [
            ["ok", "endpoint"],
            ["ok", "streaming"],
            ["ok", "tools"],
            ["ok", "vision"],
            ["ok", "context"],
        ]
        assert own.read_text().splitlines()[0] == 'model = "mine:small"'
        answer = kernel.run("%%aether -o said\nWhat is six times seven?")
        assert answer.status == "ok", answer.of("error")
        assert KEY not in str([cell.messages, answer.messages])
        cell, asked = typed(kernel, "%aether setup", [""])
        assert cell.text().splitlines()[-1] == "Everything stays as it is."


def test_the_models_of_a_provider_and_one_for_a_role(tmp_path: Path) -> None:
    """What is listed, who serves, and in which role, as a notebook shows it."""
    with provider() as server, notebook(tmp_path, server) as kernel:
        listed = kernel.run("%aether models openai").text().splitlines()
        assert listed[0].split() == ["MODEL", "CONTEXT", "$/M", "IN", "$/M", "OUT", "TAKES"]
        assert listed[1].split()[0] == "tiny"
        assert listed[-1] == "openai said so just now."
        assert kernel.run("%aether model openai:tiny").text() == "openai:tiny serves from now on.\n"
        assert kernel.run("%aether model").text().startswith("openai:tiny serves.")
        stand_in = kernel.run("%aether model --role vision").text()
        assert stand_in.startswith("No model is set for the role 'vision': the chat model, openai:tiny, stands in.")
        said = kernel.run("%aether model openai:big --role vision\n%aether model --role vision").text()
        assert said == "openai:big serves from now on for vision.\nopenai:big serves for vision.\n"
        assert kernel.run("%aether status").text().splitlines()[1].split() == ["model", "openai:tiny"]
        wrong = calm(kernel.run("%aether models opnai"))
        assert wrong.splitlines()[0] == "aether: There is no provider 'opnai'."
