"""Frameworks on the same work, each in an environment of its own; ``speed.py --peer NAME=PYTHON`` starts it.

- ``pydantic-ai``: an ``Agent`` (packages: pydantic-ai-slim with openai or anthropic).
- ``langgraph``: ``langchain.agents.create_agent`` (packages: langchain with langchain-openai or langchain-anthropic).

Only the workloads' own module is shared; nothing of ours is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from worker import Contender, Job, Outcome, serve
from workloads import FUNCTIONS, MODEL

os.environ["LANGSMITH_TRACING"] = "false"


class PydanticAI:
    """An agent of pydantic-ai."""

    def __init__(self, job: Job) -> None:
        from pydantic_ai import Agent

        self.workload = job.workload
        self.agent = Agent(self.model(job))
        if job.workload.offered:
            self.agent.tool_plain(name="add")(FUNCTIONS[job.workload.tool])

    def model(self, job: Job) -> Any:
        """The model behind the script."""
        if job.wire == "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(MODEL, provider=AnthropicProvider(base_url=job.url, api_key="k"))
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=f"{job.url}/v1", api_key="k"))

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        from pydantic_ai.usage import UsageLimits

        limits = UsageLimits(request_limit=None)
        if not self.workload.stream:
            result = await self.agent.run(prompt, usage_limits=limits)
            return Outcome(str(result.output), self.made(result.all_messages()))
        first, text = None, ""
        async with self.agent.run_stream(prompt, usage_limits=limits) as streamed:
            async for piece in streamed.stream_text(delta=True, debounce_by=None):
                first = first or time.perf_counter()
                text += piece
            return Outcome(text, self.made(streamed.all_messages()), first)

    def made(self, messages: list[Any]) -> int:
        """How many calls have a result."""
        return sum(part.part_kind == "tool-return" for message in messages for part in message.parts)


class LangGraph:
    """An agent of langchain on langgraph."""

    def __init__(self, job: Job) -> None:
        from langchain.agents import create_agent
        from langchain_core.tools import tool

        self.workload = job.workload
        tools = [tool("add")(FUNCTIONS[job.workload.tool])] if job.workload.offered else []
        self.agent = create_agent(self.model(job), tools)

    def model(self, job: Job) -> Any:
        """The model behind the script."""
        if job.wire == "anthropic":
            from langchain_anthropic import ChatAnthropic

            return ChatAnthropic(model=MODEL, base_url=job.url, api_key="k", streaming=job.workload.stream)
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=MODEL, base_url=f"{job.url}/v1", api_key="k", streaming=job.workload.stream)

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        asked = {"messages": [{"role": "user", "content": prompt}]}
        config = {"recursion_limit": 10 * self.workload.requests + 25}
        if not self.workload.stream:
            state = await self.agent.ainvoke(asked, config)
            made = sum(message.type == "tool" for message in state["messages"])
            return Outcome(state["messages"][-1].text, made)
        first, text, made = None, "", 0
        async for piece, _ in self.agent.astream(asked, config, stream_mode="messages"):
            if piece.type == "tool":
                made += 1
            elif piece.text:
                first = first or time.perf_counter()
                text += piece.text
        return Outcome(text, made, first)


PEERS: dict[str, Callable[[Job], Contender]] = {"pydantic-ai": PydanticAI, "langgraph": LangGraph}


async def open_one(job: Job) -> Contender:
    """The contender for a job."""
    return PEERS[job.variant](job)


if __name__ == "__main__":
    serve(open_one)
