"""A model server for whole cells: it speaks chat completions, Anthropic messages and text, and always says the same.

Asked for the first time it wants 6 × 7 computed by ``run_python``; with the result before it, it answers with what the
result says. A model named ``deaf`` refuses tools; one named ``talker`` writes its calls as text although tools were
offered; one named ``writer`` wants to write a file, and ``sleeper`` to sleep after it has done so. Asked to report a
number it does. It keeps every request. It can be busy at first, slow, and choosy about keys.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CODE = {"code": "answer = 6 * 7\nprint(answer)", "purpose": "multiply"}
WRITES = {"code": "open('answer.txt', 'w').write(str(6 * 7))", "purpose": "write the product down"}
SLEEPS = {"code": "open('begun.txt', 'a').write('x')\nimport time\ntime.sleep(60)", "purpose": "write, and sleep"}
WORDS = ("The ", "answer ", "is ", "42", ".")
FENCE = "I will compute it.\n```tool_call\n" + json.dumps({"name": "run_python", "arguments": CODE}) + "\n```"


@dataclass
class Provider:
    """The server's address without a path, and what it was asked: method, path, headers, body.

    ``accepted`` are the keys that it takes; all when there are none. So many questions are refused with 429 as ``busy``
    says, and ``pace`` is the time in seconds between two pieces of an answer.
    """

    url: str = ""
    accepted: tuple[str, ...] = ()
    busy: int = 0
    pace: float = 0.0
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the questions, in order."""
        return [body for method, _, _, body in self.asked if method == "POST"]


@contextmanager
def provider(accepted: tuple[str, ...] = (), busy: int = 0, pace: float = 0.0) -> Iterator[Provider]:
    """The server, on a free port, from threads of its own."""
    found = Provider("", accepted, busy, pace)

    class Handler(_Handler):
        told = found

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    told: Provider
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Tests want no log."""

    def do_GET(self) -> None:
        self.told.asked.append(("GET", self.path, self._headers(), None))
        if self._unknown():
            self._send({"error": {"message": "Incorrect API key provided"}}, 401)
        elif self.path.endswith("/models"):
            self._send({"object": "list", "data": [{"id": "tiny", "object": "model"}]})
        else:
            self._send({"error": {"message": "not here"}}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.told.asked.append(("POST", self.path, self._headers(), body))
        if self._unknown():
            self._send({"error": {"message": "Incorrect API key provided"}}, 401)
        elif self.told.busy > 0:
            self.told.busy -= 1
            self._send({"error": {"message": "Rate limit reached"}}, 429, ("retry-after", "2"))
        elif body["model"] == "deaf" and body.get("tools"):
            self._send({"error": {"message": "registry.ollama.ai/library/deaf does not support tools"}}, 400)
        elif self.path == "/api/show":
            self._send({"model_info": {"llama.context_length": 4096}, "capabilities": ["tools"]})
        elif self.path.endswith("/messages"):
            self._stream("".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in _anthropic(body)))
        elif self.path.endswith("/chat/completions"):
            self._stream("".join(f"data: {json.dumps(each)}\n\n" for each in _openai(body)) + "data: [DONE]\n\n")
        else:
            self._send({"error": {"message": "not here"}}, 404)

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _unknown(self) -> bool:
        """Whether the key is none of those that are taken."""
        sent = self._headers()
        key = sent.get("x-api-key") or sent.get("authorization", "").removeprefix("Bearer ")
        return bool(self.told.accepted) and key not in self.told.accepted

    def _send(self, value: Any, status: int = 200, *headers: tuple[str, str]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in text.split("\n\n")[:-1]:
            piece = f"{event}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(self.told.pace)
        self.wfile.write(b"0\r\n\r\n")


def _answered(body: Any) -> bool:
    """Whether a result stands in the history, in whichever form."""
    written = json.dumps(body["messages"])
    return '"role": "tool"' in written or '"tool_result"' in written or "<tool_result id=" in written


def _openai(body: Any) -> Iterator[Any]:
    model, native = body["model"], bool(body.get("tools")) and body["model"] != "talker"

    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}

    def chunk(finish: str | None = None, **delta: Any) -> Any:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    if _answered(body):
        yield from (chunk(content=word) for word in WORDS)
        yield chunk("stop")
    elif native:
        code = {"writer": WRITES, "sleeper": SLEEPS}.get(model, CODE)
        function = {"name": "run_python", "arguments": json.dumps(code)}
        if body["tools"][0]["function"]["name"] == "report":
            function = {"name": "report", "arguments": '{"number": 7}'}
        yield chunk(tool_calls=[{"index": 0, "id": "call_1", "type": "function", "function": function}])
        yield chunk("tool_calls")
    else:
        yield from (chunk(content=FENCE[place : place + 7]) for place in range(0, len(FENCE), 7))
        yield chunk("stop")
    yield {**frame, "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


def _anthropic(body: Any) -> Iterator[Any]:
    usage = {"input_tokens": 100, "output_tokens": 1}
    start = {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "content": [], "usage": usage}
    yield {"type": "message_start", "message": start}
    if _answered(body):
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for word in WORDS:
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
        reason = "end_turn"
    else:
        call = {"type": "tool_use", "id": "toolu_1", "name": "run_python", "input": {}}
        yield {"type": "content_block_start", "index": 0, "content_block": call}
        piece = {"type": "input_json_delta", "partial_json": json.dumps(CODE)}
        yield {"type": "content_block_delta", "index": 0, "delta": piece}
        reason = "tool_use"
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 10}}
    yield {"type": "message_stop"}
