"""A server with ``/embeddings``: what a text's vector is depends on its words alone, so that like texts lie near.

It speaks as OpenAI's does, in numbers and in base64, and keeps every request. It can be busy at first.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 64


def vector(text: str) -> list[float]:
    """The vector of a text: one step along a direction for each of its words, and a little for none."""
    found = [0.01] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        found[int.from_bytes(blake2b(word.encode(), digest_size=2).digest()) % DIMENSIONS] += 1.0
    return found


@dataclass
class Embedding:
    """The server's address with its path, and the bodies it was sent.

    So many requests are refused with 429 as ``busy`` says. ``says`` is sent instead of an answer, when it is set.
    """

    url: str = ""
    busy: int = 0
    says: Any = None
    bodies: list[Any] = field(default_factory=list)


@contextmanager
def embedding(busy: int = 0, says: Any = None) -> Iterator[Embedding]:
    """The server, on a free port, from threads of its own."""
    told = Embedding("", busy, says)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Tests want no log."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            told.bodies.append(body)
            if told.busy > 0:
                told.busy -= 1
                self._send({"error": {"message": "Rate limit reached"}}, 429, ("retry-after", "0"))
            elif not self.path.endswith("/embeddings"):
                self._send({"error": {"message": "not here"}}, 404)
            else:
                self._send(told.says or _answer(body))

        def _send(self, value: Any, status: int = 200, *headers: tuple[str, str]) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            for name, text in (*headers, ("content-type", "application/json"), ("content-length", str(len(content)))):
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(body: Any) -> Any:
    """What OpenAI's server answers."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    rows: list[Any] = [vector(text) for text in texts]
    if body.get("encoding_format") == "base64":
        rows = [base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode() for row in rows]
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    used = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}
