"""pandas without pyarrow, and whatever of pandas an Arrow file cannot keep: each column as what it is made of.

Numbers are NPY, columns whose type is Arrow's are an Arrow file each, everything else is plain data. ``pandases`` has
the hash that tells whether it came back as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aether_nb.live.keeping.arrows import from_ipc, to_ipc
from aether_nb.live.keeping.atoms import zone_back, zone_item
from aether_nb.live.keeping.bundle import Parts
from aether_nb.live.keeping.limits import Data, NotPossible
from aether_nb.live.keeping.numpys import from_npy, to_npy
from aether_nb.live.keeping.recognised import library_class, loaded, needed

__all__ = ["Reader", "Writer"]


@dataclass
class Writer:
    """Takes frames, series and indexes apart.

    Args:
        parts: Where the pieces go.
        plain: How Python objects are written, as bytes.
    """

    parts: Parts
    plain: Callable[[Any], Data]

    def value(self, value: Any) -> dict[str, Any]:
        """A frame, series or index as plain JSON that refers to pieces.

        Raises:
            NotPossible: A column is of a type that is not known.
        """
        match library_class(value):
            case "pandas.DataFrame":
                columns = [self._column(series.dtype, series.array) for _, series in value.items()]
                told = {"frame": columns, "labels": self._index(value.columns), "attrs": self._plain(value.attrs)}
                return {**told, "index": self._index(value.index)}
            case "pandas.Series":
                told = {"series": self._column(value.dtype, value.array), "named": self._plain([value.name])}
                return {**told, "attrs": self._plain(value.attrs), "index": self._index(value.index)}
            case "pandas.Index":
                return self._index(value)
        raise NotPossible("it is no table of pandas")

    def _plain(self, value: Any) -> int:
        return self.parts.add(self.plain(value))

    def _npy(self, array: Any) -> int:
        return self.parts.add(to_npy(array))

    def _index(self, index: Any) -> dict[str, Any]:
        kind = type(index).__name__
        told = {"kind": kind, "names": self._plain(list(index.names))}
        if kind == "RangeIndex":
            return {**told, "range": [index.start, index.stop, index.step]}
        if kind == "MultiIndex":
            return {**told, "levels": [self._index(index.get_level_values(n)) for n in range(index.nlevels)]}
        freq = getattr(index, "freq", None) if kind in {"DatetimeIndex", "TimedeltaIndex"} else None
        told["freq"] = None if freq is None else freq.freqstr
        return {**told, "array": self._column(index.dtype, index.array)}

    def _column(self, dtype: Any, array: Any) -> dict[str, Any]:
        numpy, kind = loaded("numpy"), type(dtype).__name__
        if isinstance(dtype, numpy.dtype):
            if dtype.kind == "O":
                return {"objects": self._plain(array.tolist())}
            return {"numbers": self._npy(array.to_numpy())}
        if kind == "CategoricalDtype":
            told = {"codes": self._npy(array.codes), "categories": self._index(dtype.categories)}
            return {**told, "ordered": dtype.ordered}
        if kind == "DatetimeTZDtype":
            return {"ticks": self._npy(array.asi8), "unit": dtype.unit, "zone": zone_item(dtype.tz)}
        if kind == "PeriodDtype":
            return {"ordinals": self._npy(array.asi8), "period": str(dtype)}
        if kind == "IntervalDtype":
            return {"left": self._index(array.left), "right": self._index(array.right), "closed": dtype.closed}
        if kind == "StringDtype":
            texts = [None if missing else text for text, missing in zip(array, array.isna(), strict=True)]
            nan = dtype.na_value is not loaded("pandas").NA
            return {"texts": self._plain(texts), "storage": dtype.storage, "nan": nan}
        if hasattr(dtype, "numpy_dtype") and hasattr(array, "_mask"):
            data = array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
            return {"masked": self._npy(data), "mask": self._npy(array.isna())}
        if kind == "ArrowDtype":
            table = loaded("pyarrow").table({"values": array.__arrow_array__()})
            return {"arrow": self.parts.add(to_ipc(table))}
        raise NotPossible(f"it has a column of {kind}, for which there is no format")


@dataclass
class Reader:
    """Puts them together again.

    Args:
        parts: The pieces.
        plain: How Python objects are read.
    """

    parts: list[memoryview]
    plain: Callable[[Data], Any]

    def value(self, told: dict[str, Any]) -> Any:
        """The frame, series or index."""
        pandas = needed("pandas")

        if "frame" in told:
            index = self._index(told["index"])
            arrays = [self._column(one) for one in told["frame"]]
            columns = {n: pandas.Series(one, index=index, dtype=one.dtype) for n, one in enumerate(arrays)}
            frame = pandas.DataFrame(columns, index=index)
            frame.columns = self._index(told["labels"])
            frame.attrs = self._plain(told["attrs"])
            return frame
        if "series" in told:
            (name,) = self._plain(told["named"])
            array = self._column(told["series"])
            series = pandas.Series(array, index=self._index(told["index"]), name=name, dtype=array.dtype)
            series.attrs = self._plain(told["attrs"])
            return series
        return self._index(told)

    def _plain(self, place: int) -> Any:
        return self.plain(self.parts[place])

    def _npy(self, place: int) -> Any:
        return from_npy(self.parts[place])

    def _index(self, told: dict[str, Any]) -> Any:
        pandas = needed("pandas")

        names = self._plain(told["names"])
        if "range" in told:
            return pandas.RangeIndex(*told["range"], name=names[0])
        if "levels" in told:
            return pandas.MultiIndex.from_arrays([self._index(level) for level in told["levels"]], names=names)
        array = self._column(told["array"])
        index = pandas.Index(array, dtype=array.dtype, name=names[0])
        if told["freq"] is not None:
            index.freq = told["freq"]
        return index

    def _column(self, told: dict[str, Any]) -> Any:
        numpy = needed("numpy")
        pandas = needed("pandas")

        match told:
            case {"objects": place}:
                values = self._plain(place)
                array = numpy.empty(len(values), dtype=object)
                for at, value in enumerate(values):
                    array[at] = value
                return array
            case {"numbers": place}:
                return self._npy(place)
            case {"codes": place, "categories": categories, "ordered": ordered}:
                dtype = pandas.CategoricalDtype(self._index(categories), ordered)
                return pandas.Categorical.from_codes(self._npy(place), dtype=dtype)
            case {"ticks": place, "unit": str(unit), "zone": zone}:
                times = pandas.DatetimeIndex(self._npy(place).view(f"M8[{unit}]"))
                return times.tz_localize("UTC").tz_convert(zone_back(zone)).array
            case {"ordinals": place, "period": str(period)}:
                return pandas.arrays.PeriodArray(self._npy(place), dtype=pandas.PeriodDtype(period[7:-1]))
            case {"left": left, "right": right, "closed": closed}:
                return pandas.arrays.IntervalArray.from_arrays(self._index(left), self._index(right), closed)
            case {"texts": place, "storage": storage, "nan": nan}:
                dtype = pandas.StringDtype(storage, na_value=numpy.nan if nan else pandas.NA)
                return pandas.array(self._plain(place), dtype=dtype)
            case {"masked": place, "mask": mask}:
                data = self._npy(place)
                arrays = pandas.arrays
                kind = {"b": arrays.BooleanArray, "f": arrays.FloatingArray}.get(data.dtype.kind, arrays.IntegerArray)
                return kind(data, self._npy(mask))
            case {"arrow": place}:
                return pandas.arrays.ArrowExtensionArray(from_ipc(self.parts[place]).column(0))
        raise NotPossible("it is no column of pandas")
