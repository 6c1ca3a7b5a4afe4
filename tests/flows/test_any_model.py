"""A working %%aether with nothing but a key, or a local server, or nothing at all, through each format's own path."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from harness.kernel import Kernel
from harness.provider import Provider, provider

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ASK = "%%aether -o said\nWhat is six times seven? Compute it."


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A user's surroundings with no settings, no kept keys and no local server, but for what is given."""
    home = {name: str(folder / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    nobody = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return {**home, **nobody, **more}


def asked(folder: Path, variables: dict[str, str], *before: str) -> tuple[str, str, str]:
    """Who served, what was answered and what the namespace holds, after one cell in a fresh kernel."""
    with Kernel(Path(sys.executable), environment(folder, **variables), folder) as kernel:
        for line in ("%load_ext aether_nb", *before):
            cell = kernel.run(line)
            assert cell.status == "ok", cell.of("error")
        cell = kernel.run(ASK)
        assert cell.status == "ok", (cell.of("error"), cell.text("stderr"))
        seen = kernel.run("print(said); print(answer)").text()
        status = kernel.run("%aether status").text()
    model = next(line.split()[-1] for line in status.splitlines() if line.strip().startswith("model"))
    said, _, value = seen.strip().rpartition("\n")
    return model, said, value


CASES: dict[str, tuple[dict[str, str], str]] = {
    "openai key": ({"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_BASE_URL": "{url}/v1"}, "openai:gpt-5.4-mini"),
    "anthropic key": (
        {"ANTHROPIC_API_KEY": "sk-ant-0123456789", "ANTHROPIC_BASE_URL": "{url}"},
        "anthropic:claude-sonnet-5",
    ),
    "text format": ({"PERPLEXITY_API_KEY": "pplx-0123456789", "PERPLEXITY_BASE_URL": "{url}"}, "perplexity:sonar"),
    "ollama server": ({"OLLAMA_BASE_URL": "{url}/v1"}, "ollama:tiny"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_model_is_found_and_works_without_configuration(case: str, tmp_path: Path) -> None:
    """A tool call and a streamed answer, through the format of whatever the user has, with no word of configuration."""
    variables, model = CASES[case]
    with provider() as server:
        found = asked(tmp_path, {name: value.format(url=server.url) for name, value in variables.items()})
    assert found == (model, "The answer is 42.", "42")
    assert len(server.bodies) == 2
    offered = ["tools" in body for body in server.bodies]
    assert offered == [case != "text format"] * 2
    _sent_only_its_own_key(server, variables)


def _sent_only_its_own_key(server: Provider, variables: dict[str, str]) -> None:
    keys = [value for name, value in variables.items() if name.endswith("_KEY")]
    for _, _, headers, _ in server.asked:
        sent = [headers[name].removeprefix("Bearer ") for name in ("authorization", "x-api-key") if name in headers]
        assert sent == keys


@pytest.mark.parametrize("model", ["deaf", "talker"])
def test_a_model_that_is_no_good_with_tools_is_served_as_text(model: str, tmp_path: Path) -> None:
    """A server that refuses tools, and a model that writes its calls as text, are noticed; the answer comes."""
    with provider() as server:
        found = asked(tmp_path, {}, f"%aether model {model}@{server.url}/v1")
    assert found == (f"{model}@{server.url}/v1", "The answer is 42.", "42")
    offered = ["tools" in body for body in server.bodies]
    assert offered == {"deaf": [True, False, False], "talker": [True, False]}[model]


def test_a_swap_between_two_turns_keeps_the_history(tmp_path: Path) -> None:
    """The second question goes to another provider in another format, with the first one's prompt and answer."""
    with (
        provider() as server,
        Kernel(
            Path(sys.executable),
            environment(
                tmp_path,
                OPENAI_API_KEY="sk-test-0123456789",
                OPENAI_BASE_URL=f"{server.url}/v1",
                ANTHROPIC_API_KEY="sk-ant-0123456789",
                ANTHROPIC_BASE_URL=server.url,
            ),
            tmp_path,
        ) as kernel,
    ):
        kernel.run("%load_ext aether_nb\n%aether model openai:gpt-5-mini")
        assert kernel.run(ASK).status == "ok"
        assert kernel.run("%aether model anthropic:claude-sonnet-4-5").status == "ok"
        assert kernel.run("%%aether\nAnd what did I ask before?").status == "ok"
    first, last = server.bodies[0], server.bodies[-1]
    assert (first["model"], last["model"]) == ("gpt-5-mini", "claude-sonnet-4-5")
    texts: list[Any] = [message["content"] for message in last["messages"]]
    assert "What is six times seven? Compute it." in str(texts[0])
    assert "The answer is 42." in str(texts[1])
