"""Reads a PDF in a process of its own: bytes come in on stdin, one JSON object goes out on stdout.

A file that is made to break readers then breaks this process and no kernel. Run by its path; it imports nothing of the
package.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MEMORY = 2_000_000_000
SECONDS = 60
PAGES = 3000
CHARACTERS = 20_000_000


def main() -> None:
    """Read, and say what was read or why not."""
    _limit()
    try:
        told = read(sys.stdin.buffer.read())
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
