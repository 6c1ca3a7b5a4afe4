"""Real code cell by cell: notebooks and examples that ship inside installed packages, judged by a full comparison.

    python tests/harness/cells.py SECONDS NOTEBOOK...

prints what was counted as JSON. Each cell is run by IPython, after a photograph and before a comparison.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import os
import re
import sys
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from aether_nb.live.changes import compare, photograph
from aether_nb.live.changes.photographs import own_variables
from aether_nb.live.changes.prints import ATOMS
from aether_nb.live.reading import names_in
from harness.same import copied, same

JUDGED = {"builtins", "numpy", "pandas", "polars", "pyarrow", "scipy", "collections"}
"""Values from here are also read as a whole, before and after."""
SLOW = re.compile(r"plot|timeit|sleep|n_jobs|fetch_|as_strided")
DOCUMENTED = (
    *("pandas.DataFrame", "pandas.Series", "pandas.Index", "pandas.Categorical", "pandas"),
    *("polars.DataFrame", "polars.Series", "numpy", "numpy.ndarray", "scipy.sparse", "sklearn.preprocessing"),
    *("sklearn.linear_model", "sklearn.ensemble", "sklearn.cluster", "statsmodels.tsa.api"),
)


def notebooks() -> list[Path]:
    """The notebooks inside installed packages."""
    return sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.ipynb"))


def code_of(notebook: Path) -> list[str]:
    """The code cells of a notebook; none when it cannot be read."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
    except (ValueError, KeyError, OSError):
        return []
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def documented(every: int) -> Iterator[tuple[str, list[str]]]:
    """Every so many examples from docstrings: what they are of, and their statements, each a cell."""
    parser = doctest.DocTestParser()
    for at, (name, text) in enumerate(_docstrings()):
        if at % every == 0:
            cells = [example.source for example in parser.get_examples(text) if not SLOW.search(example.source)]
            if len(cells) > 1:
                yield name, cells


def _docstrings() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTED:
        module, _, name = path.rpartition(".")
        try:
            owner = importlib.import_module(path)
        except ImportError:
            owner = getattr(importlib.import_module(module), name)
        for member_name, member in sorted(inspect.getmembers(owner), key=lambda pair: pair[0]):
            text = getattr(member, "__doc__", None)
            if not member_name.startswith("_") and isinstance(text, str) and ">>>" in text:
                try:
                    doctest.DocTestParser().parse(text)
                except ValueError:
                    continue
                yield f"{path}.{member_name}", text


def _readable(value: Any) -> bool:
    """Whether a value may be read as a whole: not one of gigabytes."""
    size = getattr(value, "nbytes", 0)
    return type(value).__module__.split(".")[0] in JUDGED and (not isinstance(size, int) or size < 50_000_000)


def judge(cells: list[str], namespace: dict[str, Any], run: Callable[[str], object], counts: Counter[str]) -> list[str]:
    """Run cells one after the other; count what was told of the variables, and give back what was wrong."""
    wrong = []
    for code in cells:
        plain = {n: v for n, v in own_variables(namespace).items() if _readable(v)}
        whole = copied(plain)
        plain = {n: v for n, v in plain.items() if (whole[n] is not v or type(v) in ATOMS) and same(whole[n], v)}
        shots = photograph(namespace, names_in(code))
        run(code)
        changes = {change.name: change for change in compare(shots, namespace)}
        counts["cells"] += 1
        counts["variables"] += len(shots.shots)
        counts["reach"] += len(shots.reach)
        counts.update(change.what for change in changes.values())
        counts.update(f"flag {flag.kind}" for change in changes.values() for flag in change.flags if flag.warn)
        for name, value in plain.items():
            counts["judged"] += 1
            different = name not in namespace or not same(whole[name], namespace[name])
            change = changes.get(name)
            verdict = ""
            if different and change is None:
                verdict = "missed" if shots.shots[name].exact else "unseen"
            if not different and change is not None and change.what == "changed" and namespace[name] is value:
                verdict = "false"
            if verdict:
                counts[verdict] += 1
                wrong.append(f"{verdict} {name}: {code!r}")
    return wrong


def judge_notebooks(paths: list[Path], seconds: float) -> tuple[Counter[str], list[str]]:
    """Run notebooks, each in an empty namespace, until the time is over."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.io import capture_output

    counts: Counter[str] = Counter()
    wrong: list[str] = []
    shell, end = InteractiveShell.instance(), time.monotonic() + seconds
    shell.history_manager.enabled = False

    def run(code: str) -> None:
        with capture_output():
            shell.run_cell(code, silent=True)

    for path in paths:
        if time.monotonic() > end:
            break
        shell.reset(new_session=True)
        os.chdir(path.resolve().parent)
        found = judge(code_of(path), shell.user_ns, run, counts)
        wrong += [f"{path.name}: {one}" for one in found]
        counts["notebooks"] += 1
    return counts, wrong


if __name__ == "__main__":
    with warnings.catch_warnings(action="ignore"):
        print(json.dumps(judge_notebooks([Path(name).resolve() for name in sys.argv[2:]], float(sys.argv[1]))))
