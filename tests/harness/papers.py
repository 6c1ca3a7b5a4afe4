"""Small PDF files, written by hand: with words, without, encrypted, broken, and made to break readers."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf(pages: Sequence[str], *, title: str = "", extra: str = "") -> bytes:
    """A PDF whose pages have these texts; a page of an empty text is a picture, each of another square."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for text in pages:
        words = " T* ".join(f"({line}) Tj" for line in text.splitlines())
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {words} ET" if text else f"0 0 {100 + len(kids)} 100 re f"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        page = f"<< /Type /Page /Parent 2 0 R /Contents {len(objects)} 0 R /MediaBox [0 0 600 800]"
        objects.append(f"{page} /Resources << /Font << /F1 3 0 R >> >> >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    return _file(objects, f"/Info {len(objects)} 0 R {extra}")


def encrypted() -> bytes:
    """A PDF that says it is encrypted, with keys that nobody has."""
    filler = "(" + "x" * 32 + ")"
    return pdf(
        ["words"], extra=f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {filler} /U {filler} /P -4 >> /ID [(a) (b)]"
    )


def bomb() -> bytes:
    """A PDF of a few hundred kB whose only page unpacks to half a gigabyte."""
    packed = zlib.compress(b"BT /F1 12 Tf " + b"(x) Tj " * 70_000_000 + b"ET", 9)
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [4 0 R] /Count 1 >>"]
    stream = packed.decode("latin-1")
    objects.append(f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{stream}\nendstream")
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = "<< /Type /Page /Parent 2 0 R /Contents 3 0 R /MediaBox [0 0 600 800]"
    objects.append(f"{page} /Resources << /Font << /F1 {font} >> >> >>")
    return _file(objects, "")


def _file(objects: Sequence[str], trailer: str) -> bytes:
    data = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return data + f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF".encode()
