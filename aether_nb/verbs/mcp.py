"""The verb about servers of the Model Context Protocol. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, STORE

__all__ = ["ACTIONS", "VERBS"]

ACTIONS = ("list add remove enable disable tools restart check resources read prompts prompt log serve").split()
"""What can be done."""

VERBS: tuple[Verb, ...] = (
    Verb(
        "mcp",
        "Servers whose tools an agent may use: which there are, what they have, and which may be started. One that a "
        "project or another program defines is started only after you have said enable.",
        (
            Option(
                ("action",),
                "list when left out; add NAME 'COMMAND' or --url; enable, disable, remove, restart, tools, check, "
                "resources, prompts or log, with a NAME; read NAME URI; prompt NAME PROMPT k=v ...; serve; serve stop",
                choices=tuple(ACTIONS),
                default="list",
            ),
            Option(("name",), "the server's name", default="", metavar="NAME"),
            Option(("more",), "the command to start, an URI, or a prompt and its values", rest=True, metavar="WORD"),
            Option(("--url",), "with add: the address of a server that runs already", default="", metavar="URL"),
            Option(("--sse",), "with --url: it speaks the older SSE", flag=True),
            Option(
                ("--header",),
                "with --url: sent along, such as 'Authorization: Bearer ${TOKEN}'",
                default="",
                metavar="TEXT",
            ),
            Option(
                ("--env",),
                "with add: variables of the command, such as 'KEY=${KEY} MODE=fast'",
                default="",
                metavar="TEXT",
            ),
            Option(("--trust",), "with add or enable: take its word on which of its tools only read", flag=True),
            Option(("--http",), "with serve: at an address of this machine, with a token", flag=True, terminal=True),
            Option(("--port",), "for that address; a free one when left out", default="", metavar="PORT"),
            JSON,
            STORE,
        ),
        examples=(
            "mcp",
            "mcp add time 'python -m mcp_server_time'",
            "mcp add docs --url https://example.org/mcp",
            "mcp enable filesystem --trust",
            "mcp tools filesystem",
            "mcp serve",
        ),
    ),
)
