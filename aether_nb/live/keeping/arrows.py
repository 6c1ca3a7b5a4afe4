"""Columns and tables of Arrow: the hash of what they say, however their memory is cut, and the Arrow file format.

It is called with values of pyarrow only, so the library is loaded. It does not know frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.live.keeping.digest import Digest
from aether_nb.live.keeping.limits import Data, NotPossible
from aether_nb.live.keeping.recognised import loaded, needed

__all__ = ["add_column", "add_table", "from_ipc", "to_ipc"]

Items = Callable[[Digest, list[Any]], None]
SAFE = (14, 1)
"""Earlier versions unpickle a type that a file declares (CVE-2023-47248)."""
TEXT = 3
"""Texts take so many times as long as numbers."""


def add_table(digest: Digest, table: Any, items: Items) -> None:
    """Add an Arrow table to a hash: its schema and its columns."""
    schema = table.schema
    digest.text("table", str(table.num_rows), str(len(schema)))
    _add_metadata(digest, schema.metadata)
    for place, field in enumerate(schema):
        digest.clock.check()
        digest.text(field.name, str(field.type), str(field.nullable))
        _add_metadata(digest, field.metadata)
        add_column(digest, table.column(place), items)


def _add_metadata(digest: Digest, metadata: Any) -> None:
    for key, value in sorted((metadata or {}).items()):
        digest.data(key)
        digest.data(value)


def add_column(digest: Digest, column: Any, items: Items) -> None:
    """Add a column (chunked or not) to a hash."""
    pyarrow = loaded("pyarrow")
    types, compute = pyarrow.types, pyarrow.compute
    digest.clock.afford(column.nbytes * TEXT)
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pyarrow.ChunkedArray):
            column = pyarrow.concat_arrays(column.chunks) if column.num_chunks else pyarrow.array([], column.type)
    kind = column.type
    if types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    digest.text(str(len(column)))
    if column.null_count:
        digest.numbers(column.is_null().to_numpy(zero_copy_only=False))
    if types.is_string(kind) or types.is_large_string(kind):
        _add_texts(digest, compute.fill_null(column, "").cast(pyarrow.large_string()))
    elif types.is_binary(kind) or types.is_large_binary(kind):
        _add_texts(digest, compute.fill_null(column, b"").cast(pyarrow.large_binary()))
    elif types.is_boolean(kind):
        digest.numbers(compute.fill_null(column, False).to_numpy(zero_copy_only=False))
    elif types.is_integer(kind) or types.is_floating(kind) or types.is_temporal(kind):
        if types.is_temporal(kind) and not types.is_interval(kind):
            column = column.view(pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64())
        digest.numbers(compute.fill_null(column, pyarrow.scalar(0, column.type)).to_numpy(zero_copy_only=False))
    else:
        items(digest, column.to_pylist())


def _add_texts(digest: Digest, column: Any) -> None:
    numpy = loaded("numpy")
    _, offsets, data = column.buffers()
    if not len(column):
        return
    ends = numpy.frombuffer(offsets, dtype="i8", count=len(column) + 1, offset=8 * column.offset)
    digest.numbers(numpy.diff(ends))
    if data is not None:
        digest.data(memoryview(data)[int(ends[0]) : int(ends[-1])])


def to_ipc(table: Any) -> Data:
    """A table as the bytes of an Arrow file."""
    pyarrow = loaded("pyarrow")
    sink = pyarrow.BufferOutputStream()
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    with pyarrow.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def from_ipc(data: Data) -> Any:
    """The table of such bytes, looked through before anybody uses it."""
    pyarrow = needed("pyarrow")
    if tuple(int(part) for part in pyarrow.__version__.split(".")[:2]) < SAFE:
        raise NotPossible("this pyarrow runs code that an Arrow file may bring along; version 15 does not")
    table = pyarrow.ipc.open_file(pyarrow.py_buffer(data)).read_all()
    table.validate(full=True)
    return table
