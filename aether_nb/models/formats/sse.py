"""Server-sent events: bytes in, wherever they are cut, and whole events out.

It knows the format and nothing of what the events say. Types and ids of events are passed over: the formats we read
repeat them inside the data. A line that is bare JSON counts as data.
"""

from __future__ import annotations

__all__ = ["EventDecoder"]

LARGEST = 16 * 1024 * 1024
"""How many bytes one event may have. A server that sends more is not answering a question."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventDecoder:
    """Cuts a stream of bytes into the data of its events.

    A character, a line or an event may lie across any number of pieces. Lines end with LF, CR or CRLF.
    """

    __slots__ = ("_after_return", "_data", "_first", "_largest", "_size", "_tail")

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._tail = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._first = True
        self._after_return = False

    def feed(self, piece: bytes) -> list[str]:
        """The data of every event that this piece completes.

        Raises:
            ValueError: The bytes are no UTF-8, or one event is larger than allowed.
        """
        begin = piece.find(b"\n") + 7 if piece[:7] == b"event: " else 6
        if piece[begin - 6 : begin] == b"data: " and piece[-2:] == b"\n\n" and self._is_one_event(piece, begin):
            self._first = self._after_return = False
            return [_text(piece[begin:-2])]
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_return = False
        if not piece:
            return []
        self._after_return = False
        self._tail += piece
        self._measure(len(self._tail))
        if b"\n" not in piece and b"\r" not in piece:
            return []
        lines = bytes(self._tail).splitlines(keepends=True)
        self._after_return = lines[-1].endswith(b"\r")
        self._tail = bytearray() if lines[-1].endswith((b"\n", b"\r")) else bytearray(lines.pop())
        return [data for line in lines if (data := self._line(line.rstrip(b"\r\n"))) is not None]

    def close(self) -> list[str]:
        """The data of a last event whose empty line never came."""
        rest = [self._line(bytes(self._tail)), self._line(b"")] if self._tail else [self._line(b"")]
        self._tail = bytearray()
        return [data for data in rest if data is not None]

    def _is_one_event(self, piece: bytes, begin: int) -> bool:
        """Whether a piece is one whole event with one line of data: nearly all are, and need none of the rest."""
        whole = piece.find(b"\n", begin) == len(piece) - 2 and b"\r" not in piece
        return whole and not self._tail and not self._data and len(piece) <= self._largest

    def _line(self, line: bytes) -> str | None:
        """Take one line; the data of the event when the line ends one."""
        if self._first:
            self._first = False
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not line:
            data, self._data, self._size = self._data, [], 0
            return "\n".join(data) if data else None
        field, _, value = line.partition(b":")
        if line.startswith(b"{"):  # no field has such a name: a gateway put its error into the stream as it is
            field, value = b"data", line
        if field == b"data":
            self._size += len(value)
            self._measure(self._size)
            self._data.append(_text(value.removeprefix(b" ")))
        return None

    def _measure(self, size: int) -> None:
        if size > self._largest:
            raise ValueError(f"one event has more than {self._largest} bytes")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"a piece of it is no UTF-8 ({error.reason} at byte {error.start})") from error
