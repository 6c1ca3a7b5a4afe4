"""A server that counts what was done to it, in a process of its own: it outlives every kernel that a test kills.

Each request is written to a file and has reached the disk before it is answered, so what was counted has happened and
what was not counted has not. Run as a program it serves; imported it is the client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

SECONDS = 30.0
"""How long an answer may take on a machine that is busy with other tests."""


@dataclass(frozen=True)
class Counts:
    """What was done below one path.

    ``posts`` counts the requests of each path, ``puts`` the deliveries of each path by their idempotency key: however
    often one key is delivered, it acts once. ``refused`` counts what was answered with 503 and did nothing.
    """

    posts: Mapping[str, int]
    puts: Mapping[str, Mapping[str, int]]
    refused: Mapping[str, int]

    def effects(self, path: str) -> int:
        """How often something happened there."""
        return self.posts.get(path, 0) + len(self.puts.get(path, {}))


class CountingServer:
    """The server as a test sees it. A context: the process ends with it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "counted.jsonl"

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, str(self.file)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def counts(self, case: str) -> Counts:
        """All that was done below a path so far."""
        return counts(self.url, case)


def send(method: str, url: str, key: str = "") -> tuple[int, str]:
    """Ask the server; the status and the body of its answer."""
    request = Request(url, data=b"" if method != "GET" else None, method=method)
    request.add_header("Idempotency-Key", key)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def counts(url: str, case: str) -> Counts:
    """All that was done below ``/case/`` so far."""
    return Counts(**json.loads(send("GET", f"{url}/counts/{case}")[1]))


# ---- the process


class _Book:
    """What was counted, on disk and in memory."""

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._lock = Lock()
        self._cases: dict[str, dict[str, Any]] = {}

    def count(self, method: str, path: str, key: str, once_refused: bool) -> bool:
        """Write a request down; False when it is refused: the first one of its path that asks for that."""
        case, _, name = path.strip("/").partition("/")
        with self._lock:
            known = self._cases.setdefault(case, {"posts": {}, "puts": {}, "refused": {}})
            refuse = once_refused and name not in known["refused"]
            row = known["refused"] if refuse else known["posts"]
            if method == "PUT" and not refuse:
                row, name = known["puts"].setdefault(name, {}), key
            row[name] = row.get(name, 0) + 1
            line = {"method": method, "path": path, "key": key, "refused": refuse}
            os.write(self._handle, (json.dumps(line) + "\n").encode())
            os.fsync(self._handle)
        return not refuse

    def counts(self, case: str) -> dict[str, Any]:
        """What was counted below a path."""
        with self._lock:
            return json.loads(json.dumps(self._cases.get(case, {"posts": {}, "puts": {}, "refused": {}})))


class _Handler(BaseHTTPRequestHandler):
    book: _Book

    def do_GET(self) -> None:
        case = self.path.removeprefix("/counts/")
        self._answer(200, json.dumps(self.book.counts(case)))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        key = self.headers.get("Idempotency-Key") or ""
        counted = self.book.count(self.command, path, key, query == "once-refused")
        self._answer(200 if counted else 503, "counted" if counted else "try again")

    do_PUT = do_POST

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(HTTPServer):
    """One request after the other, as they came: whoever looks sees all that was sent before, by the dead as well."""

    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Who asked has died meanwhile; what he asked for has been done."""


def serve(file: Path) -> None:
    """Serve until the process is ended; says first where."""
    _Handler.book = _Book(file)
    server = _Server(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
