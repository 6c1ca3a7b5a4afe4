"""What code changes beside variables: working directory, environment, options of libraries, random generators.

Only what is loaded already is looked at. It does not know which variables there are.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["Surroundings"]

Place: TypeAlias = tuple[str, Callable[[], Any], Callable[[Any], None]]
"""What a thing is called, how it is read, and how it is set."""


def _folder() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return None


def _go(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _set_environment(then: Mapping[str, str]) -> None:
    for name in os.environ.keys() - then.keys():
        del os.environ[name]
    for name, text in then.items():
        if os.environ.get(name) != text:
            os.environ[name] = text


def _matplotlib() -> Any:
    return dict(dict.items(sys.modules["matplotlib"].rcParams))


def _set_matplotlib(then: Mapping[str, Any]) -> None:
    dict.update(sys.modules["matplotlib"].rcParams, then)


def _pandas() -> Any:
    return _copied(sys.modules["pandas._config.config"]._global_config)


def _set_pandas(then: Mapping[str, Any]) -> None:
    _put(sys.modules["pandas._config.config"]._global_config, then)


def _copied(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, dict) else value for name, value in options.items()}


def _put(options: dict[str, Any], then: Mapping[str, Any]) -> None:
    for name, value in then.items():
        if isinstance(value, dict):
            _put(options[name], value)
        else:
            options[name] = value


def _numpy_random() -> Any:
    kind, keys, *rest = sys.modules["numpy.random"].get_state()
    return kind, keys.tobytes(), *rest


def _set_numpy_random(then: Any) -> None:
    kind, keys, *rest = then
    numpy = sys.modules["numpy"]
    numpy.random.set_state((kind, numpy.frombuffer(keys, dtype=numpy.uint32), *rest))


class _Filters(list[Any]):
    """The filters of warnings; only those that hold for every module count: libraries bring others when imported."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Filters) and self._everywhere() == other._everywhere()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _everywhere(self) -> list[Any]:
        return [one for one in self if one[3] is None]


def _warnings() -> _Filters:
    return _Filters(warnings.filters)


def _set_warnings(then: _Filters) -> None:
    brought = [one for one in warnings.filters if one[3] is not None and one not in list(then)]
    warnings.simplefilter("default", append=True)  # so that Python forgets what it has decided by the old ones
    warnings.filters[:] = [*brought, *then]  # type: ignore[index]  # a list, whatever it is declared to be


PLACES: dict[str, Place] = {
    "": ("the working directory", _folder, _go),
    "os": ("the environment", lambda: dict(os.environ), _set_environment),
    "matplotlib": ("matplotlib's options", _matplotlib, _set_matplotlib),
    "pandas._config.config": ("pandas' options", _pandas, _set_pandas),
    "warnings": ("the filters of warnings", _warnings, _set_warnings),
    "random": ("Python's random numbers", random.getstate, random.setstate),
    "numpy.random": ("numpy's random numbers", _numpy_random, _set_numpy_random),
}
"""What is looked at, by the module that must be loaded for it."""


@dataclass(frozen=True)
class Surroundings:
    """Some of the surroundings, as they were at a time."""

    values: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values)

    @classmethod
    def now(cls) -> Surroundings:
        """All of them as they are; what cannot be read is left out."""
        return cls(_read(PLACES))

    def where_not(self, other: Surroundings) -> Surroundings:
        """Those of them that are not the same in another look."""
        values, others = self.values, other.values
        return Surroundings({key: values[key] for key in values if key in others and values[key] != others[key]})

    def as_they_are(self) -> Surroundings:
        """The same ones as they are now."""
        return Surroundings(_read(self.values))

    def differing(self) -> dict[str, str]:
        """Those that are not like this any more, by what they are called."""
        return {PLACES[key][0]: "it was changed since" for key in self.where_not(self.as_they_are()).values}

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(PLACES[key][0] for key in self.values)

    def put_back(self) -> dict[str, str]:
        """Make them like this again.

        Returns:
            Those with which that did not work, by what they are called, and why.
        """
        failed = {}
        for key, value in self.values.items():
            name, _, put = PLACES[key]
            try:
                put(value)
            except Exception as problem:  # noqa: BLE001 - the folder is gone, the library is another version
                failed[name] = f"it could not be put back ({type(problem).__name__}: {problem})"
        return failed


def _read(keys: Any) -> dict[str, Any]:
    found = {}
    for key in keys:
        if not key or key in sys.modules:
            try:
                found[key] = PLACES[key][1]()
            except Exception:  # noqa: BLE001, S112 - a library that is half loaded, or another version of it
                continue
    return found
