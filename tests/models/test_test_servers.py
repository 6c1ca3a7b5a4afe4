"""The servers that the tests play are right themselves: the official clients understand them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import anthropic
import openai

from harness.provider import CODE, provider

SPEED = Path(__file__).parents[1] / "benchmarks" / "server.py"
TOOL = {"name": "run_python", "description": "Run.", "parameters": {"type": "object", "properties": {}}}
ASKED = {"role": "user", "content": "What is six times seven?"}


def openai_said(url: str, model: str, *more: dict) -> tuple[str | None, list[tuple[str, object]], str]:
    """Text, calls and finish reason, as the official client puts a stream together."""
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0) as client:
        tools = [{"type": "function", "function": TOOL}]
        with client.chat.completions.stream(model=model, messages=[ASKED, *more], tools=tools) as stream:
            choice = stream.get_final_completion().choices[0]
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or []]
    return choice.message.content, calls, choice.finish_reason


def anthropic_said(url: str, model: str) -> tuple[list[tuple[str, object]], str | None]:
    """Calls and stop reason, in the same way."""
    with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client:
        tools = [{"name": "run_python", "description": "Run.", "input_schema": TOOL["parameters"]}]
        with client.messages.stream(model=model, max_tokens=99, messages=[ASKED], tools=tools) as stream:
            message = stream.get_final_message()
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    return calls, message.stop_reason


def test_the_provider_of_the_tests_is_understood_by_the_official_clients() -> None:
    """A call first, in both formats; with its result before it, the answer."""
    function = {"name": "run_python", "arguments": "{}"}
    call = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
    with provider() as server:
        assert openai_said(f"{server.url}/v1", "m") == (None, [("run_python", CODE)], "tool_calls")
        assert openai_said(f"{server.url}/v1", "m", call, result) == ("The answer is 42.", [], "stop")
        assert anthropic_said(server.url, "m") == ([("run_python", CODE)], "tool_use")


def test_the_server_of_the_benchmarks_is_understood_by_the_official_clients() -> None:
    """What is measured is the work that real clients do: the script's call comes out of either client."""
    command = [sys.executable, str(SPEED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        text, calls, finish = openai_said(f"{url}/s/one/t1-p1-f5-d0-o1-v0/v1", "script")
        answered, reason = anthropic_said(f"{url}/s/two/t1-p1-f5-d0-o1-v0", "script")
        process.communicate(timeout=20)
    assert (text, finish, reason) == (None, "tool_calls", "tool_use")
    assert [name for name, _ in calls] == [name for name, _ in answered] == ["add"]
    assert [arguments for _, arguments in calls] == [arguments for _, arguments in answered]
