"""An object store on this machine: of S3 the requests that LanceDB makes, one write at a time where it asks for that.

It keeps everything in memory and checks no signature.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

WHEN = "2026-01-01T00:00:00.000Z"


class Bucket(BaseHTTPRequestHandler):
    """Answers requests for objects; ``objects`` is shared by all."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet, not two with a wait in between
    objects: dict[str, bytes]
    lock: threading.Lock

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        """Keep an object; with If-None-Match only where there is none yet."""
        data, key = self.rfile.read(int(self.headers.get("content-length", 0))), self._key()
        with self.lock:
            if self.headers.get("if-none-match") == "*" and key in self.objects:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            self.objects[key] = data
        self._answer(200, etag=_etag(data))

    def do_GET(self) -> None:
        """An object or a part of it; or a list of them."""
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "list-type" in query:
            self._answer(200, self._listing(query))
        else:
            self._send(whole=True)

    def do_HEAD(self) -> None:
        """What an object is like."""
        self._send(whole=False)

    def do_DELETE(self) -> None:
        """Let an object go."""
        self.objects.pop(self._key(), None)
        self._answer(204)

    def do_POST(self) -> None:
        """Let several objects go."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        keys = [node.text or "" for node in ElementTree.fromstring(body).iter() if node.tag.endswith("Key")]
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    def _send(self, *, whole: bool) -> None:
        data = self.objects.get(self._key())
        if data is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>" if whole else b"")
            return
        total, code, extra = len(data), 200, {}
        if asked := self.headers.get("range", "").removeprefix("bytes="):
            first, _, last = asked.partition("-")
            start = int(first) if first else max(0, total - int(last))
            end = min(int(last) if first and last else total - 1, total - 1)
            code, extra = 206, {"content-range": f"bytes {start}-{end}/{total}"}
            data, etag = data[start : end + 1], _etag(data)
        else:
            etag = _etag(data)
        self._answer(code, data, etag=etag, head=not whole, **extra)

    def _listing(self, query: dict[str, list[str]]) -> bytes:
        prefix, apart = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        keys, folders = [], set()
        for key, data in sorted(self.objects.items()):
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix) :]
            if apart and apart in rest:
                folders.add(prefix + rest.partition(apart)[0] + apart)
            else:
                keys.append((key, data))
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{WHEN}</LastModified><ETag>{_etag(data)}</ETag>"
            f"<Size>{len(data)}</Size></Contents>"
            for key, data in keys
        )
        found += "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _answer(self, code: int, body: bytes = b"", *, etag: str = "", head: bool = False, **headers: str) -> None:
        self.send_response(code)
        self.send_header("content-length", str(len(body)))
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if etag:
            self.send_header("etag", etag)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if not head:
            self.wfile.write(body)


def _etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


@contextmanager
def bucket() -> Iterator[dict[str, str]]:
    """A store; gives the variables by which it is reached, as the programs of the cloud read them."""
    handler = type("Handler", (Bucket,), {"objects": {}, "lock": threading.Lock()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
            "AWS_ALLOW_HTTP": "true",
        }
        server.shutdown()
        thread.join()
