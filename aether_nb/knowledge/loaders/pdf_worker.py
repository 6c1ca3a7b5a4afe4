"""Reads or draws a PDF in a process of its own: bytes come in on stdin, one JSON object goes out on stdout.

Without arguments it says the text of each page; with numbers of pages, counted from 1, it draws them.

A file that is made to break readers then breaks this process and no kernel. Run by its path; it imports nothing of the
package.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
import zlib
from typing import Any

MEMORY = 2_000_000_000
SECONDS = 60
PAGES = 3000
CHARACTERS = 20_000_000
SIDE = 1500
"""Pixels of a page's longer side: more is not looked at by models."""
SCALE = 300 / 72
"""Pixels for each point of a small page, at most."""


def main() -> None:
    """Read, and say what was read or why not."""
    _limit()
    try:
        data, pages = sys.stdin.buffer.read(), [int(word) for word in sys.argv[1:]]
        told = draw(data, pages) if pages else read(data)
    except ImportError:
        told = {"missing": True}
    except MemoryError:
        told = {"error": "Reading it takes more memory than a PDF should."}
    except Exception as error:  # noqa: BLE001  whatever a broken file brings about is told, not raised
        told = {"error": str(error) or type(error).__name__}
    sys.stdout.write(json.dumps(told))


def read(data: bytes) -> dict[str, Any]:
    """The text of each page, and what the file calls itself."""
    import pypdfium2

    pdf = pypdfium2.PdfDocument(data)
    texts: list[str] = []
    room = CHARACTERS
    for number in range(min(len(pdf), PAGES)):
        page = pdf[number].get_textpage()
        count = min(page.count_chars(), room)
        texts.append(page.get_text_range(0, count) if count else "")
        room -= count
        if room <= 0:
            break
    title = pdf.get_metadata_dict().get("Title", "")
    return {"title": title, "texts": texts, "pages": len(pdf)}


def draw(data: bytes, pages: list[int]) -> dict[str, Any]:
    """Pictures of pages, as PNG in base64, in shades of grey."""
    import pypdfium2

    pdf = pypdfium2.PdfDocument(data)
    drawn = []
    for number in pages:
        page = pdf[number - 1]
        scale = min(SCALE, SIDE / max(*page.get_size(), 1))
        drawn.append(base64.b64encode(_png(page.render(scale=scale, grayscale=True))).decode())
    return {"pictures": drawn}


def _png(bitmap: Any) -> bytes:
    """The picture as a file: eight bits a point, one shade each."""
    width, height, stride, buffer = bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer)
    rows = b"".join(b"\0" + buffer[start : start + width] for start in range(0, stride * height, stride))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    framed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def _limit() -> None:
    """No more memory and time than a PDF should take, where the system can be told so."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    main()
