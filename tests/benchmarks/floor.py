"""The floor: a bare loop on httpx that does the same work as everybody else, and nothing besides.

An ``httpx.AsyncClient``, the standard library's json, ``aiter_lines`` for streams; parallel tools by ``gather``, plain
functions that are called at once on threads. ``speed.py`` starts it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import httpx
from worker import Job, Outcome, serve
from workloads import FUNCTIONS, MODEL, SCHEMA

Message = dict[str, Any]


class Floor:
    """The loop in OpenAI's format."""

    path = "/v1/chat/completions"
    tool: ClassVar[Message] = {
        "type": "function",
        "function": {"name": "add", "description": "Add two numbers.", "parameters": SCHEMA, "strict": True},
    }

    def __init__(self, job: Job) -> None:
        self.workload, self.function = job.workload, FUNCTIONS[job.workload.tool]
        self.client = httpx.AsyncClient(timeout=60, headers={"authorization": "Bearer k"}, trust_env=False)
        self.url = job.url + self.path
        self.first: float | None = None

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        self.first = None
        messages: list[Message] = [{"role": "user", "content": prompt}]
        made = 0
        while True:
            body = self.body(messages)
            message = await (self.streamed(body) if self.workload.stream else self.whole(body))
            messages.append(message)
            calls = self.calls(message)
            if not calls:
                return Outcome(self.text(message), made, self.first)
            beside = len(calls) > 1
            found = await asyncio.gather(*(self.call(arguments, beside) for _, arguments in calls))
            messages += self.results([(id, str(value)) for (id, _), value in zip(calls, found, strict=True)])
            made += len(calls)

    async def call(self, arguments: Message, beside: bool) -> Any:
        """Call the tool; ``beside``: a plain function on a thread."""
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**arguments)
        return await asyncio.to_thread(self.function, **arguments) if beside else self.function(**arguments)

    async def whole(self, body: Message) -> Message:
        """An answer in one piece."""
        response = await self.client.post(self.url, json=body)
        return self.message(response.raise_for_status().json())

    def body(self, messages: list[Message]) -> Message:
        """A request."""
        body: Message = {"model": MODEL, "stream": self.workload.stream, "messages": messages}
        if self.workload.stream:
            body["stream_options"] = {"include_usage": True}
        return body | {"tools": [self.tool]} if self.workload.offered else body

    def message(self, answer: Message) -> Message:
        """The message of an answer that came in one piece."""
        message: Message = answer["choices"][0]["message"]
        return message

    def calls(self, message: Message) -> list[tuple[str, Message]]:
        """The calls of a message: id and arguments."""
        return [(c["id"], json.loads(c["function"]["arguments"])) for c in message.get("tool_calls") or ()]

    def text(self, message: Message) -> str:
        """What a message says."""
        return str(message["content"])

    def results(self, results: list[tuple[str, str]]) -> list[Message]:
        """The results of calls as messages."""
        return [{"role": "tool", "tool_call_id": id, "content": text} for id, text in results]

    async def streamed(self, body: Message) -> Message:
        """A streamed answer, put together."""
        text: list[str] = []
        calls: list[Message] = []
        async with self.client.stream("POST", self.url, json=body) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                for choice in json.loads(line[6:])["choices"]:
                    delta = choice["delta"]
                    if content := delta.get("content"):
                        self.first = self.first or time.perf_counter()
                        text.append(content)
                    for piece in delta.get("tool_calls", ()):
                        if "id" in piece:
                            calls.append(piece)
                        else:
                            calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
        message: Message = {"role": "assistant", "content": "".join(text) or None}
        return message | {"tool_calls": calls} if calls else message


class AnthropicFloor(Floor):
    """The loop in Anthropic's format."""

    path = "/v1/messages"
    tool: ClassVar[Message] = {"name": "add", "description": "Add two numbers.", "input_schema": SCHEMA}

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.client.headers.update({"x-api-key": "k", "anthropic-version": "2023-06-01"})

    def body(self, messages: list[Message]) -> Message:
        """See ``Floor.body``."""
        body: Message = {"model": MODEL, "max_tokens": 4096, "stream": self.workload.stream, "messages": messages}
        return body | {"tools": [self.tool]} if self.workload.offered else body

    def message(self, answer: Message) -> Message:
        """See ``Floor.message``."""
        return {"role": "assistant", "content": answer["content"]}

    def calls(self, message: Message) -> list[tuple[str, Message]]:
        """See ``Floor.calls``."""
        return [(block["id"], block["input"]) for block in message["content"] if block["type"] == "tool_use"]

    def text(self, message: Message) -> str:
        """See ``Floor.text``."""
        return "".join(block["text"] for block in message["content"] if block["type"] == "text")

    def results(self, results: list[tuple[str, str]]) -> list[Message]:
        """See ``Floor.results``."""
        blocks = [{"type": "tool_result", "tool_use_id": id, "content": text} for id, text in results]
        return [{"role": "user", "content": blocks}]

    async def streamed(self, body: Message) -> Message:
        """See ``Floor.streamed``."""
        blocks: list[Message] = []
        pieces: list[list[str]] = []
        async with self.client.stream("POST", self.url, json=body) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if not line.startswith("data: "):
                    continue
                event = json.loads(line[6:])
                if event["type"] == "content_block_start":
                    blocks.append(event["content_block"])
                    pieces.append([])
                elif event["type"] == "content_block_delta":
                    delta = event["delta"]
                    if "text" in delta:
                        self.first = self.first or time.perf_counter()
                        pieces[-1].append(delta["text"])
                    else:
                        pieces[-1].append(delta["partial_json"])
        for block, parts in zip(blocks, pieces, strict=True):
            if block["type"] == "text":
                block["text"] = "".join(parts)
            else:
                block["input"] = json.loads("".join(parts))
        return {"role": "assistant", "content": blocks}


async def open_one(job: Job) -> Floor:
    """The loop for a job."""
    # The loop's own pool has as many threads as there are processors and four more: too few for eight tools that wait.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(16))
    return AnthropicFloor(job) if job.wire == "anthropic" else Floor(job)


if __name__ == "__main__":
    serve(open_one)
