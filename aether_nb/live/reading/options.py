"""Options: arguments of a call that are code, or that lead to code, settings or files by their name.

It does not know what the function makes of its other arguments.
"""

from __future__ import annotations

import ast
import re

from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.given import Call
from aether_nb.live.reading.things import MATPLOTLIB, Thing
from aether_nb.live.reading.words import METHODS_AS_FUNCTIONS, is_risky

__all__ = ["Options", "is_plain_setting"]

BY_NAME = {"agg", "aggregate", "apply", "transform"}
"""Methods that call others by their names."""
BY_NAME_KEYS = ("aggfunc", "estimator", "func")
AGGFUNC_AT = {"crosstab": 5, "pivot_table": 3}
"""Where ``aggfunc`` stands when it is given by position; one later when the table comes first."""
SETTINGS = {"use", "set_option", "option_context", "switch_backend", "rc_context", "context"}
BACKENDS = re.compile(r"(?i)agg|inline|svg|pdf")
PLAIN_SETTING = re.compile(r"[\w ,.-]+")
PLAIN_SETTINGS = re.compile(
    r"(pd|pandas)\.options\.(display|mode)\.\w+|(plt|mpl|matplotlib|matplotlib\.pyplot)\.rcParams\."
)
LOUD_SETTINGS = re.compile(r"backend|usetex|texsystem|preamble|animation|docstring|datapath|directory|toolbar|keymap")
"""Settings that make matplotlib run programs or load code."""
FORMULA_CALLS = set(
    """
    C Q I log sqrt exp bs cr cc poly center standardize scale Treatment Sum Diff Helmert Poly np.log np.sqrt np.exp
    np.log1p np.log10 np.power np.abs
    """.split()
)
LEADING = {"backend", "usetex", "memory", "input", "allow_pickle", "inplace", "out", "out_file", "formula", "file"}
"""Arguments that matter wherever they are given, so that they must not be hidden by ``**``."""
NAMES_OF_COLUMNS = {"assign", "agg", "aggregate", "with_columns", "select", "rename", "format", "dict", "update"}
"""Functions whose keywords are names of the user's."""


class Options:
    """Judges calls by the arguments that matter wherever they are given."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def judge(self, call: Call) -> None:
        """What the arguments of a library's function lead to."""
        self.keywords(call)
        self._by_name(call)
        self._settings(call)
        self._looks(call)
        path = call.function.path
        if path.startswith("statsmodels.formula") or call.name == "from_formula":
            self._formulas(call, call.any_of("0"))
        if path == "dataclasses.dataclass" and "0" in call.given:
            self.findings.high("makes code from a class that is computed (dataclass)")
        if call.name == "display" and "raw" in call.given and not call.is_literal("raw", False):
            self.findings.high("decides what the browser is given (raw)")

    def keywords(self, call: Call) -> None:
        """What matters whoever is called: a function written here may hand it on."""
        given = call.given
        backend = given.get("backend", MATPLOTLIB)
        if backend.kind != "data" or self.findings.texts(backend) != MATPLOTLIB.texts:
            self.findings.high(f"loads settings or code by name ({call.name})")
        if "usetex" in given and not call.is_literal("usetex", False):
            self.findings.high(f"loads settings or code by name ({call.name})")
        texts = self.findings.texts(given["input"]) if "input" in given else frozenset()
        if texts is None and not call.function.path.startswith("sklearn.") and call.name != "set_params":
            texts = frozenset()  # only there it says where a text is to be found
        if ("memory" in given and not call.is_literal("memory", None)) or texts is None or {"filename", "file"} & texts:
            self.findings.high("keeps or reads files of its own")
        self._formulas(call, [thing for key, thing in given.items() if key.endswith("formula") or key == "dep_data"])
        self._unpacked(call)

    def _unpacked(self, call: Call) -> None:
        """``**options``: what is in them has to be known, unless they are the arguments of a function written here."""
        if "**" not in call.given or call.name in NAMES_OF_COLUMNS:
            return
        options = call.given["**"]
        texts = self.findings.texts(options)
        if texts is None and not any(root.startswith("(") for root in options.deep):
            self.findings.high(f"passes options that cannot be seen ({call.name or 'a function'})")
        elif hidden := LEADING & (texts or frozenset()):
            self.findings.high(f"passes {', '.join(sorted(hidden))} among other options ({call.name})")

    def _by_name(self, call: Call) -> None:
        """Methods that are called by their names."""
        name, given = call.name, call.given
        called = call.any_of(*BY_NAME_KEYS)
        if name in BY_NAME:
            called += call.any_of("0")
        if name in BY_NAME or name in AGGFUNC_AT:
            called += [thing for key, thing in given.items() if key.startswith("*") and key != "**"]
        if name in AGGFUNC_AT:
            called += [thing for key, thing in given.items() if key.isdigit() and int(key) >= AGGFUNC_AT[name]]
        if name in {"agg", "aggregate"}:
            called += [thing for key, thing in given.items() if not key.isdigit() and key not in {"axis", "func"}]
        if name == "NamedAgg":
            called += call.any_of("1")
        for thing in called:
            self._called(name, thing)

    def _called(self, name: str, thing: Thing) -> None:
        texts = self.findings.texts(thing)
        function = thing.kind == "library" and (not thing.path.startswith(".") or thing.last in METHODS_AS_FUNCTIONS)
        if function or thing.kind in {"own", "made", "builtin"}:
            return
        if texts is None:
            self.findings.high(f"calls a method by a computed name ({name})")
        elif risky := sorted(text for text in texts if is_risky(text) or text.startswith("_")):
            self.findings.high(f"calls {', '.join(risky)} by its name")

    def _settings(self, call: Call) -> None:
        """Settings and styles are loaded by a name that may be an address or a module."""
        name, path = call.name, call.function.path
        if name not in SETTINGS or (name == "context" and ".style." not in path):
            return
        plain = PLAIN_SETTING if name not in {"use", "switch_backend"} or ".style." in path else BACKENDS
        texts = self.findings.texts(call.first())
        if texts is None or "fname" in call.given or not all(plain.fullmatch(t) and "backend" not in t for t in texts):
            self.findings.high(f"loads settings or code by name ({name})")

    def _looks(self, call: Call) -> None:
        """Settings of matplotlib by their names, which stand in the code: only how things look."""
        updates = call.function.path.endswith((".rcParams.update", ".rcParams.setdefault"))
        names = {key for key in call.given if updates or call.name == "rc"}
        for key in ("0", "1", "rc"):
            written = call.written(key) if updates or call.name == "rc" or key == "rc" else None
            keys = written.keys if isinstance(written, ast.Dict) else [written] if written else []
            names |= {str(key.value) if isinstance(key, ast.Constant) else "backend?" for key in keys}
        if any(LOUD_SETTINGS.search(name) for name in names) or (updates and "**" in names):
            self.findings.high(f"loads settings or code by name ({call.name})")

    def _formulas(self, call: Call, formulas: list[Thing]) -> None:
        for thing in formulas:
            texts = self.findings.texts(thing)
            if texts is None or not all(map(_is_plain_formula, texts)):
                self.findings.high(f"runs a formula that is not plain text ({call.name})")


def _is_plain_formula(text: str) -> bool:
    """Whether a formula of patsy, which is run as code, only names columns and the usual transformations."""
    called = re.findall(r"([\w.]*)\s*\(", text)
    hidden = "__" in text or "lambda" in text or re.search(r"[\])]\s*\(", text)
    return not hidden and all(not name or name in FORMULA_CALLS for name in called)


def is_plain_setting(target: ast.expr) -> bool:
    """Whether a setting that is given a value is one of how things look."""
    name = _dotted(target)
    return bool(PLAIN_SETTINGS.match(name)) and "?" not in name and not LOUD_SETTINGS.search(name)


def _dotted(node: ast.expr) -> str:
    """``a.b["c"]`` as ``a.b.c``; whatever does not begin with a name begins with nothing."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return f"{_dotted(node.value)}.{key if isinstance(key, str) else '?'}"
    return node.id if isinstance(node, ast.Name) else ""
