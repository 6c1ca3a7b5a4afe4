"""Values as bytes and back, in formats that run nothing when they are read.

    arrow         pandas frames, when pyarrow is loaded        columns      pandas, where Arrow would lose something
    table         tables of pyarrow                            polars       frames and series of polars
    npy           arrays of numpy                              json         Python's own data
    bundle        the same with arrays or tables in it         pickle       the rest, signed; see ``signed``

Nothing is written that does not come back as it was: frames are read again and their hashes compared, the large ones
whose columns have a type of their own by some of their rows.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

from aether_nb.live.keeping import arrows, pandases, polarses
from aether_nb.live.keeping.atoms import zone_back
from aether_nb.live.keeping.bundle import Parts, pack, unpack
from aether_nb.live.keeping.columns import Reader, Writer
from aether_nb.live.keeping.hashing import single_item, whole
from aether_nb.live.keeping.limits import Clock, Data, NotPossible, Signer, TooMuch
from aether_nb.live.keeping.numpys import from_npy, single_back, to_npy
from aether_nb.live.keeping.plain import Encoder, written
from aether_nb.live.keeping.recognised import library_class, loaded, needed
from aether_nb.live.keeping.signed import from_pickle, to_pickle
from aether_nb.live.keeping.unplain import Decoder

__all__ = ["load", "save"]

WRITTEN_A_SECOND = 250e6
"""Bytes, compared and written; what takes longer than there is time for is not begun."""
COMPARED = 4_000_000
"""A frame of up to so many bytes is read again as a whole."""
SOME = 1_000
"""Rows of a larger one that are read again."""


def save(value: object, signer: Signer | None = None, budget: Clock | None = None) -> tuple[str, Data]:
    """A value as bytes, and in which format.

    Args:
        value: Any value.
        signer: This user's key. Without it, only plain data, arrays and tables can be written.
        budget: What there is time and room for.

    Raises:
        NotPossible: It cannot be written so that it comes back as it was; says why.
        TooMuch: It takes too long, or is too large.
    """
    clock = budget or Clock()
    last: NotPossible | None = None
    for format, write in _ways(library_class(value)):
        try:
            return format, write(value, clock)
        except TooMuch:
            raise
        except NotPossible as reason:
            last = reason
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as problem:  # noqa: BLE001 - whatever a value or its library does when it is written
            last = NotPossible(f"it could not be written ({type(problem).__name__})")
    if signer is not None:
        return "pickle", to_pickle(value, signer, clock)
    raise last or NotPossible("there is no format for it")


def load(format: str, data: Data, signer: Signer | None = None) -> Any:
    """The value of such bytes, wherever they come from.

    Raises:
        NotPossible: These bytes are not of this format, or nobody may read them here.
    """
    reader = READERS.get(format)
    if format == "pickle":
        return from_pickle(data, signer)
    if reader is None:
        raise NotPossible(f"the format {format[:40]!r} is not known")
    try:
        return reader(data)
    except (NotPossible, TooMuch):
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        raise NotPossible(f"these bytes are not of the format {format} ({type(problem).__name__})") from problem


def _ways(kind: str) -> list[tuple[str, Callable[[Any, Clock], Data]]]:
    """The formats of a class, the best first."""
    if kind == "pandas.DataFrame":
        return [*([("arrow", _to_arrow)] if loaded("pyarrow") else []), ("columns", _to_columns)]
    ways: dict[str, list[tuple[str, Callable[[Any, Clock], Data]]]] = {
        "pandas.Series": [("columns", _to_columns)],
        "pandas.Index": [("columns", _to_columns)],
        "polars.DataFrame": [("polars", _to_polars)],
        "polars.Series": [("polars-series", lambda series, clock: _to_polars(series.to_frame(), clock))],
        "pyarrow.Table": [("table", _to_table)],
        "numpy.ndarray": [("npy", _to_npy), ("bundle", _array_of_objects)],
    }
    return ways.get(kind, [("json", _to_json), ("bundle", _to_bundle)])


# ---- arrays and tables


def _to_npy(array: Any, clock: Clock) -> Data:
    clock.afford(array.nbytes, WRITTEN_A_SECOND)
    if from_npy(to_npy(array[tuple(slice(0, 1) for _ in array.shape)])).dtype != array.dtype:
        raise NotPossible("NPY does not keep its dtype")
    return to_npy(array)


def _array_of_objects(array: Any, clock: Clock) -> Data:
    clock.afford(array.size * 100)
    if array.dtype.kind != "O":
        raise NotPossible("it is an array of records that hold objects")
    parts = Parts()
    inner = parts.add(_to_bundle(array.reshape(-1).tolist(), clock))
    return pack({"shape": list(array.shape), "objects": inner}, parts)


def _to_arrow(frame: Any, clock: Clock) -> Data:
    pyarrow = loaded("pyarrow")
    if any(type(label) is not str for label in frame.columns[:1_000]):
        raise NotPossible("Arrow knows no labels but texts")

    def write(rows: Any) -> Data:
        with warnings.catch_warnings(action="ignore"):
            return arrows.to_ipc(pyarrow.Table.from_pandas(rows))

    return _compared(frame, clock, write, READERS["arrow"])


def _to_columns(value: Any, clock: Clock) -> Data:
    def write(rows: Any) -> Data:
        parts = Parts()
        return pack(Writer(parts, lambda inner: _to_bundle(inner, clock)).value(rows), parts)

    return _compared(value, clock, write, READERS["columns"])


def _compared(value: Any, clock: Clock, write: Callable[[Any], Data], read: Callable[[Data], Any]) -> Data:
    """A table as bytes that were read again, all of them or those of some rows."""
    size = pandases.estimate(value)
    clock.afford(size, WRITTEN_A_SECOND)
    frame = library_class(value) == "pandas.DataFrame"
    some = size > COMPARED and not (frame and pandases.has_objects(value))
    rows = value
    if some:
        step = slice(None, None, max(1, len(value) // SOME))
        rows = value.iloc[step] if hasattr(value, "iloc") else value[step]
    data = write(rows)
    back = read(data)
    if type(back) is not type(value) or whole(back, clock) != whole(rows, clock):
        raise NotPossible("it would not come back as it was")
    return write(value) if some else data


def _to_polars(frame: Any, clock: Clock) -> Data:
    clock.afford(frame.estimated_size(), WRITTEN_A_SECOND)
    step = max(1, len(frame) // SOME)
    rows = frame.gather_every(step) if len(frame) > SOME else frame
    if whole(polarses.from_file(polarses.to_file(rows)), clock) != whole(rows, clock):
        raise NotPossible("it would not come back as it was")
    return polarses.to_file(frame)


def _to_table(table: Any, clock: Clock) -> Data:
    clock.afford(table.nbytes, WRITTEN_A_SECOND)
    return arrows.to_ipc(table)


# ---- plain data


def _to_json(value: Any, clock: Clock) -> Data:
    def embed(inner: Any) -> list[Any] | None:
        kind = library_class(inner)
        item = single_item(kind, inner) if kind else None
        if kind and item is None:
            raise NotPossible(f"it holds a {kind}")
        return item

    return written(Encoder(clock, embed).document(value))


def _to_bundle(value: Any, clock: Clock) -> Data:
    """Plain data in which there may be arrays and tables, each written once however often it is there."""
    parts, places, alive = Parts(), dict[int, list[Any]](), list[Any]()

    def embed(inner: Any) -> list[Any] | None:
        kind = library_class(inner)
        if not kind:
            return None
        item = single_item(kind, inner) or places.get(id(inner))
        if item is None:
            format, data = save(inner, None, clock)
            item = places[id(inner)] = ["part", parts.add(data), format]
            alive.append(inner)
        return item

    return pack({"document": Encoder(clock, embed).document(value)}, parts)


def _from_json(data: Data) -> Any:
    return Decoder(json.loads(bytes(data)), _single).value()


def _from_bundle(data: Data) -> Any:
    header, parts = unpack(data)
    if "shape" in header:
        numpy = needed("numpy")

        values = _from_bundle(parts[header["objects"]])
        array = numpy.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            array[place] = value
        return array.reshape(header["shape"])
    read: dict[int, Any] = {}

    def embedded(item: list[Any]) -> Any:
        if item[0] != "part":
            return _single(item)
        if item[1] not in read:
            read[item[1]] = load(item[2], parts[item[1]])
        return read[item[1]]

    return Decoder(header["document"], embedded).value()


def _single(item: list[Any]) -> Any:
    match item[0]:
        case "numpy":
            return single_back(item)
        case "pandas":
            return pandases.single_back(item, zone_back)
    raise NotPossible("it is no table of plain data")


def _from_columns(data: Data) -> Any:
    header, parts = unpack(data)
    return Reader(parts, _from_bundle).value(header)


def _arrow_frame(data: Data) -> Any:
    needed("pandas")  # before anything is read, so that it is named when it is missing
    return arrows.from_ipc(data).to_pandas()


READERS: dict[str, Callable[[Data], Any]] = {
    "arrow": _arrow_frame,
    "columns": _from_columns,
    "table": arrows.from_ipc,
    "polars": polarses.from_file,
    "polars-series": lambda data: polarses.from_file(data).to_series(),
    "npy": from_npy,
    "json": _from_json,
    "bundle": _from_bundle,
}
"""Each format and who reads it; none of them runs what the bytes say."""
