"""What a piece of code could do, found by reading it before it runs.

It thinks in what is known to be harmless: analysis with the libraries below, on values that come from them, from the
code itself or from the user's frames. A dangerous thing counts wherever it is *mentioned*, called or not, so that
giving it another name hides nothing. What is not known is high. Nothing is executed or imported here.

It does not know what the user's own functions do (they are medium), what a file or a column holds, or what a call
already approved has left behind in an object. It stops accidents and honest mistakes; it is no wall against hostile
code.

The file is long because the tables of names and the reader that uses them are reviewed together: a name that is
missing in one is a hole in the other.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from aether_nb.events.kinds import Effect, Risk

__all__ = ["Reading", "read"]

# ---- what is known

PURE = set(
    """
    math cmath statistics datetime re json collections collections.abc itertools functools random string decimal
    calendar fractions textwrap typing dataclasses warnings operator copy heapq bisect enum numbers time
    zoneinfo abc contextlib pprint csv unicodedata difflib hashlib __future__ numpy numpy.random numpy.linalg
    numpy.fft numpy.ma numpy.polynomial numpy.strings numpy.char numpy.lib.stride_tricks numpy.typing
    numpy.dtypes numpy.exceptions pandas pandas.api pandas.api.types pandas.plotting pandas.tseries
    pandas.tseries.offsets pandas.tseries.frequencies pandas.errors pandas.testing pandas.arrays matplotlib
    matplotlib.pyplot matplotlib.dates matplotlib.ticker matplotlib.colors matplotlib.cm matplotlib.patches
    matplotlib.lines matplotlib.gridspec matplotlib.style matplotlib.collections matplotlib.figure
    matplotlib.axes matplotlib.transforms matplotlib.patheffects mpl_toolkits mpl_toolkits.mplot3d
    mpl_toolkits.axes_grid1 seaborn seaborn.objects polars polars.selectors scipy sklearn statsmodels
    """.split()
)
"""Modules whose functions compute and draw; the risky ones among them are found by name."""
FAMILIES = re.compile(
    r"scipy\.(stats|optimize|cluster|spatial|interpolate|linalg|signal|integrate|special|ndimage|sparse|fft"
    r"|constants)(\.(mstats|contingency|qmc|hierarchy|vq|distance|windows|linalg|csgraph))?|sklearn\.(base"
    r"|calibration|cluster|compose|covariance|cross_decomposition|datasets|decomposition|ensemble|dummy"
    r"|discriminant_analysis|exceptions|experimental|feature_extraction|feature_selection|gaussian_process|impute"
    r"|tree|inspection|isotonic|kernel_approximation|kernel_ridge|linear_model|manifold|metrics|mixture"
    r"|model_selection|svm|multiclass|multioutput|naive_bayes|neighbors|neural_network|pipeline|preprocessing"
    r"|random_projection|utils|semi_supervised)(\.(text|image|kernels|pairwise|cluster|class_weight))?"
    r"|statsmodels\.(api|formula(\.api)?|(stats|tsa|graphics|regression|nonparametric|discrete|genmod"
    r"|duration)(\.[a-z]\w*)*)"
)
PARTLY = {
    "os": "path getcwd sep cpu_count",
    "os.path": "join basename dirname splitext exists isfile isdir",
    "io": "StringIO BytesIO",
    "posixpath": "join basename dirname splitext exists isfile isdir",
    "ast": "literal_eval",
    "asyncio": "sleep gather wait_for",
    "sys": "version version_info getsizeof maxsize float_info platform byteorder",
    "pathlib": "PurePath PurePosixPath",
    "IPython.display": "display Markdown Latex Math Pretty JSON clear_output",
    "IPython": "display",
    "uuid": "uuid4 UUID",
}
"""Modules of which only these names are harmless."""
DANGERS = {
    "reaches the network": "requests httpx urllib urllib3 socket ssl http ftplib smtplib aiohttp websockets paramiko"
    " boto3 fsspec",
    "starts a process": "subprocess multiprocessing pexpect pty sh signal",
    "starts threads": "threading concurrent _thread asyncio",
    "reaches files": "shutil pathlib glob tempfile zipfile tarfile fileinput os posix nt io _io",
    "unpickles objects, which can run any code": "pickle dill joblib shelve cloudpickle marshal _pickle",
    "installs packages": "pip ensurepip setuptools conda venv",
    "runs code made while it runs": "importlib runpy code codeop inspect gc pdb builtins types sys IPython",
    "calls into compiled libraries": "ctypes cffi _ctypes",
    "reaches a database": "sqlite3 sqlalchemy duckdb psycopg psycopg2 pymysql pymongo redis",
}
DANGER_OF = {name: words for words, names in DANGERS.items() for name in names.split()}
SAFE_BUILTINS = set(
    """
    abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict dir divmod enumerate filter
    float format frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord
    pow print property range repr reversed round set slice sorted staticmethod str sum super tuple type zip
    Ellipsis NotImplemented True False None __name__ memoryview
    """.split()
)
BUILTIN_WORDS = {
    "open": "opens a file",
    "input": "waits for somebody to type",
    "exit": "ends the kernel",
    "quit": "ends the kernel",
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "runs text as code",
    "SystemExit": "ends the kernel",
    "__import__": "imports by a computed name",
    "get_ipython": "runs a shell command or a magic",
}
TEXT_WRITERS = set(
    """
    to_csv to_json to_html to_latex to_markdown to_string write_csv write_json write_ndjson
    """.split()
)
FILE_WRITERS = TEXT_WRITERS | set(
    """
    to_excel to_parquet to_feather to_stata to_orc to_hdf to_xml to_pickle savefig imsave savez savez_compressed
    savetxt tofile write_parquet write_ipc write_excel sink_csv sink_parquet sink_ipc sink_ndjson ExcelWriter
    """.split()
)
READERS = set(
    """
    read_csv read_excel read_json read_parquet read_feather read_table read_fwf read_stata read_spss read_sas
    read_xml read_orc read_hdf read_ndjson read_ipc read_avro scan_csv scan_parquet scan_ndjson scan_ipc loadtxt
    genfromtxt imread fromfile load
    """.split()
)
PATH_KEYS = {
    "path_or_buf",
    "path",
    "buf",
    "excel_writer",
    "fname",
    "file",
    "filepath_or_buffer",
    "io",
    "source",
    "out_file",
}
HARMLESS = set(
    """
    to_frame to_list to_numpy to_dict to_records to_period to_timestamp to_pydatetime to_flat_index to_series
    to_datetime to_numeric to_timedelta to_julian_date to_offset to_arrow to_pandas to_dummies to_physical
    to_struct to_init_repr to_pylist to_dense to_coords to_rgb to_rgba to_hex to_rgba_array to_tuples to_xarray
    to_tree to_mpl to_integer to_bytes load_iris load_wine load_digits load_breast_cancer load_diabetes
    load_linnerud read_only
    """.split()
)
RISKY = re.compile(
    r"to_\w+|(write|sink|save|dump|load|read|scan|fetch|open|exec|popen|spawn|fork|remove_file|download"
    r"|upload)(_\w+)?|savefig|savetxt|savez\w*|savemat|loadtxt|loadmat|imsave|imread|eval|query|execute\w*|sql\w*"
    r"|system|startfile|unlink|rmdir|rmtree|removedirs|mkdir|makedirs|chmod|chown|touch|symlink_to|hardlink_to"
    r"|renames|urlopen|urlretrieve|connect|cursor|commit|sendall|recv|write|writelines|fromfile|memmap|genfromtxt"
    r"|tofile|read\w*pickle\w*|from_?file\w*|deserialize|serialize|DataSource|CDLL|ctypeslib|LowLevelCallable|test"
    r"|run_module|run_path|call_function|get_rdataset|get_dataset_names|webdoc|register|clear_data_home"
    r"|get_data_home|rc_file\w*|rc_params_from_file|attrgetter|methodcaller|get_type_hints|ForwardRef"
    r"|singledispatch\w*|Formatter|SQLContext|register_\w+|foreign_buffer|OSFile|ExcelFile|ExcelWriter|HDFStore"
    r"|switch_backend|use|set_option|read_database\w*|evaluate_formula|format_map|getattr_static|run_line_magic"
    r"|run_cell\w*|environ|putenv|print_\w+"
)
"""Names in a library, or of a method, that may do more than compute; the ones in ``HARMLESS`` do not."""
FRAMES = re.compile(
    r"(gi|cr|ag|tb|f)_(frame|code|next|back|globals|locals|builtins|yieldfrom|await)|co_code|func_globals|mro"
)
MUTATING = set(
    """
    append extend insert pop remove clear update setdefault add discard sort reverse popitem appendleft popleft
    rotate extendleft fill put itemset resize partition fit fit_transform fit_predict partial_fit set_params
    set_flags setflags difference_update intersection_update symmetric_difference_update move_to_end subtract
    insert_column replace_column send throw close __setitem__ seed shuffle set_index_inplace
    """.split()
)
MUTATING_FUNCTIONS = set(
    """
    shuffle copyto put place putmask fill_diagonal heappush heappop heapify heapreplace insort insort_left insort_right
    at put_along_axis setitem delitem iadd
    """.split()
)
PASSING = set("list tuple dict iter zip enumerate filter map reversed sorted next min max".split())
"""Built-ins whose result holds what they were given."""
SAME_DATA = set(
    """
    get setdefault items values keys reshape ravel view squeeze transpose swapaxes fit set_params flat T
    """.split()
)
BY_NAME = {"agg", "aggregate", "apply", "transform", "pivot_table", "crosstab"}
FORMULA_CALLS = set(
    """
    C Q I log sqrt exp bs cr cc poly center standardize scale Treatment Sum Diff Helmert Poly np.log np.sqrt np.exp
    np.log1p np.log10 np.power np.abs
    """.split()
)
SHORT = {
    "np": "numpy",
    "pd": "pandas",
    "mpl": "matplotlib",
    "plt": "matplotlib.pyplot",
    "sp": "scipy",
    "sns": "seaborn",
}
DATA_ROOTS = set(
    """
    builtins numpy pandas polars pyarrow scipy sklearn statsmodels matplotlib seaborn datetime decimal
    """.split()
)
DATA_ROOTS |= {"fractions", "collections", "re", "random", "zoneinfo", "range", "string"}


# ---- what is found


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece of code could do, in plain words for the person who is asked."""

    risk: Risk
    effect: Effect
    reasons: tuple[str, ...] = ()


def read(code: str, namespace: Mapping[str, object], made: Collection[str] = ()) -> Reading:
    """Read code before it runs.

    Args:
        code: Python as a cell would hold it.
        namespace: The user's variables, for what the names in the code are now.
        made: The names that this run bound itself; it may change them without being asked.
    """
    try:
        tree, magic = _parse(code)
    except (RecursionError, MemoryError):
        return Reading("high", "external", ("is nested too deeply to be read",))
    if magic:
        return Reading("high", "external", ("runs a shell command or a magic",))
    if tree is None:
        return Reading("low", "namespace", ("this is not valid Python; it will fail",))
    reader = _Reader(dict(namespace), frozenset(made))
    try:
        for _ in range(3):  # what a loop or a later line binds is known the second time
            reader.start()
            reader.body(tree.body)
    except RecursionError:
        return Reading("high", "external", ("is nested too deeply to be read",))
    risks = {risk for risk, _ in reader.notes.values()}
    risk: Risk = "high" if "high" in risks else "medium" if "medium" in risks else "low"
    outside = any(external for _, external in reader.notes.values())
    return Reading(risk, "external" if outside else "namespace", tuple(reader.notes))


def _parse(code: str) -> tuple[ast.Module | None, bool]:
    """The tree of the code as IPython would run it, and whether it has syntax of IPython's own in it."""
    try:
        return ast.parse(code), False
    except (SyntaxError, ValueError):
        pass
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        plain = TransformerManager().transform_cell(code)
        return ast.parse(plain), "get_ipython()" in plain
    except (SyntaxError, ValueError, ImportError):
        magic = re.search(r"^\s*[!%?,;/]|=\s*[!%]\w|\?\s*$", code, re.MULTILINE)
        return None, magic is not None


@dataclass(frozen=True, slots=True)
class _Thing:
    """What an expression may be.

    ``kind``: data, frame (one of the user's itself), own (a function or class written here), made (one that this run
    made before), library (a function, class or value of one), module, builtin, or unknown. ``path`` names it. ``roots``
    are the user's variables that it may be a part of, ``unread`` those among them whose code nobody read. ``texts`` are
    the strings that it may hold, None when they are not known.
    """

    kind: str = "data"
    path: str = ""
    roots: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    texts: frozenset[str] | None = frozenset()
    buffer: bool = False

    def __or__(self, other: _Thing) -> _Thing:
        same = (self.kind, self.path) == (other.kind, other.path)
        kind = self.kind if same or self.kind == other.kind == "data" else "unknown"
        if kind == "unknown" and not {self.kind, other.kind} & {"module", "unknown"}:
            kind = "data"
        return _Thing(
            kind,
            self.path if same else "",
            self.roots | other.roots,
            self.unread | other.unread,
            None if self.texts is None or other.texts is None else self.texts | other.texts,
            self.buffer and other.buffer,
        )

    def part(self) -> _Thing:
        """Something inside it."""
        return replace(self, kind="data", path="", buffer=False) if self.kind != "unknown" else self


SOMETHING = _Thing(texts=None)
MATPLOTLIB = _Thing(texts=frozenset({"matplotlib"}))


def _together(things: Iterable[_Thing]) -> _Thing:
    whole = _Thing()
    for thing in things:
        whole = whole | replace(thing, kind="data", path="")
    return whole


# ---- what a name stands for


def _module_at(parent: str, name: str) -> str:
    """The module that ``parent.name`` is, by its own name; empty when it is none. Nothing is imported."""
    held = sys.modules.get(parent)
    if held is not None and name in vars(held):
        value = vars(held)[name]
        return str(value.__name__) if isinstance(value, ModuleType) else ""
    top = parent.split(".")[0]
    if f"{parent}.{name}" in sys.modules:
        return f"{parent}.{name}"
    spec = PathFinder.find_spec(top)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place).joinpath(*parent.split(".")[1:])
        if (folder / name).is_dir() or (folder / f"{name}.py").is_file() or any(folder.glob(f"{name}.*.so")):
            return f"{parent}.{name}"
    if name in SHORT:
        return SHORT[name]
    return name if name in sys.stdlib_module_names and name not in {"array", "copy", "select"} else ""


def _harmless_module(path: str) -> bool:
    return path in PURE or path in PARTLY or FAMILIES.fullmatch(path) is not None


def _risky(name: str) -> bool:
    if name in HARMLESS:
        return False
    return name in FILE_WRITERS or name in READERS or RISKY.fullmatch(name) is not None


def _names_in(code: CodeType) -> set[str]:
    """Every name that a function uses, inner functions included."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names_in, inner))


def _dangerous_names(value: object) -> list[str]:
    """What a function or class that this run made would be asked about again when it is called."""
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    names: set[str] = set().union(*(_names_in(f.__code__) for f in functions if isinstance(f, FunctionType)))
    return sorted(n for n in names if _risky(n) or n in BUILTIN_WORDS or n in DANGER_OF)


def _texts_in(value: Any) -> frozenset[str] | None:
    """The strings that a plain value of the user's holds, when they can be seen at a glance."""
    if type(value) is str:
        return frozenset({value}) if len(value) < 200 else None
    if type(value) in (list, tuple, set, dict) and len(value) <= 50:
        parts = [_texts_in(item) for item in (value.items() if type(value) is dict else value)]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    return frozenset() if type(value) in (int, float, bool, type(None)) else None


# ---- the reader


class _Reader:
    """Walks through the code and notes what it could do."""

    def __init__(self, namespace: dict[str, object], made: frozenset[str]) -> None:
        self.namespace, self.made = namespace, made
        self.ever: dict[str, _Thing] = {}
        self.mutators: set[str] = set()
        self.returns: dict[str, _Thing] = {}
        self.start()

    def start(self) -> None:
        """Read from the top again, with what is known by now."""
        self.notes: dict[str, tuple[Risk, bool]] = {}
        self.now: dict[str, _Thing] = {}
        self.scopes: list[dict[str, _Thing]] = []
        self.globals: list[set[str]] = []
        self.outer: set[str] = set()
        self.owner = ""
        self.nested = 0
        self.columns_only = False

    def note(self, risk: Risk, text: str, external: bool = True) -> None:
        self.notes.setdefault(" ".join(text.split())[:200], (risk, external))

    def high(self, text: str) -> _Thing:
        self.note("high", text)
        return SOMETHING

    def changes(self, thing: _Thing, how: str = "changes your variable") -> None:
        """What belongs to the user's variables is changed; or to an argument of a function written here."""
        for name in sorted(thing.roots):
            if name.startswith("("):
                self.mutators.add(name[1:])
            else:
                self.note("medium", f"{how} {name}", external=False)

    # -- names

    def name(self, name: str) -> _Thing:
        """What a name stands for at this place."""
        if self.columns_only:
            return SOMETHING
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if not self.scopes and name in self.now:
            return self.now[name]
        if name in self.ever and (self.scopes or self.nested):
            theirs = self.theirs(name) if name in self.namespace else None
            return self.ever[name] | theirs if theirs else self.ever[name]
        if name in self.namespace and not name.startswith("__"):
            return self.theirs(name)
        if name in SAFE_BUILTINS or _is_exception(name):
            return _Thing("builtin", name)
        if name in BUILTIN_WORDS or name in REACHING or name == "display":
            return _Thing("builtin", name)
        if name.startswith("__") or hasattr(builtins, name):
            self.high(f"uses {name}")
        return _Thing("unknown", name, texts=None)

    def theirs(self, name: str) -> _Thing:
        """What a variable of the namespace is, judged by its type only."""
        value = self.namespace[name]
        kind = type(value)
        if issubclass(kind, ModuleType):
            return self.module(str(vars(value).get("__name__")))
        if name in self.made:
            return self.made_before(name, value)
        if name in BUILTIN_WORDS:
            return _Thing("builtin", name)
        if issubclass(kind, CALLABLES) or kind.__name__ in {"ufunc", "partial"}:
            return self.callable(name, value)
        if issubclass(kind, GeneratorType):
            self.note("medium", f"uses up your generator {name}", external=False)
        if _home(kind) in DATA_ROOTS or issubclass(kind, GeneratorType):
            frame = "frame" if _home(kind) in {"pandas", "polars", "pyarrow"} else "data"
            return _Thing(frame, "", frozenset({name}), texts=_texts_in(value))
        return _Thing(roots=frozenset({name}), unread=frozenset({name}), texts=None)

    def made_before(self, name: str, value: Any) -> _Thing:
        """A variable that this run made before: its own, unless it is another name for one of the user's."""
        kind = type(value)
        called = issubclass(kind, (FunctionType, type))
        if called or _home(kind) not in DATA_ROOTS:
            for used in _dangerous_names(value if called else kind)[:3]:
                self.high(f"calls {name}, which uses {used}")
        aliases = frozenset(n for n, v in self.namespace.items() if v is value and self.is_theirs(n))
        return _Thing("made" if called else "data", name if called else "", aliases, texts=_texts_in(value))

    def callable(self, name: str, value: Any) -> _Thing:
        """A function or class that a name of the namespace is bound to: a library's, the user's, or a dangerous one."""
        kind = type(value)
        home = str(getattr(value, "__module__", "") or "")
        called = str(getattr(value, "__name__", name))
        top = home.split(".")[0].lstrip("_") if home != "__main__" else home
        if kind.__name__ == "ufunc":
            return _Thing("library", f"numpy.{called}")
        if issubclass(kind, MethodType) or kind.__name__ == "partial" or home == "__main__":
            return self.unread(name) if not _risky(called) else self.high(f"uses {called} under the name {name}")
        if top == "builtins":
            return _Thing("builtin", called)
        if _harmless_module(top) or _harmless_module(home):
            return _Thing("library", f"{top}.{called}")
        if top in DANGER_OF or top in sys.stdlib_module_names:
            return self.high(f"uses {home}.{called}, which {DANGER_OF.get(top, 'is not known to be harmless')}")
        return self.unread(name)

    def unread(self, name: str) -> _Thing:
        self.note(
            "medium", f"calls your {'class' if issubclass(type(self.namespace[name]), type) else 'function'} {name}"
        )
        return _Thing("library", f"your.{name}", frozenset({name}))

    def is_theirs(self, name: str) -> bool:
        return name in self.namespace and name not in self.made and not name.startswith("_")

    def module(self, path: str) -> _Thing:
        """A module that is spoken of."""
        if _harmless_module(path):
            return _Thing("module", path)
        top = path.split(".")[0]
        return self.high(f"uses {path}, which {DANGER_OF.get(top, 'is not known to be harmless')}")

    def bind(self, name: str, thing: _Thing) -> None:
        """A name gets a value."""
        if name in BUILTIN_WORDS or name in REACHING:
            self.high(f"gives the built-in {name} another meaning")
        if name in self.outer:
            for scope in self.scopes:
                scope[name] = scope.get(name, thing) | thing
        if self.nested and name in self.namespace and name not in self.now:
            thing = thing | self.theirs(name)  # the branch may not be taken
        if self.scopes and name not in self.globals[-1]:
            scope = self.scopes[-1]
            scope[name] = scope[name] | thing if name in scope else thing
            return
        if self.is_theirs(name):
            again = thing.kind in {"module", "library", "builtin"} and thing == self.theirs(name)
            if not again:
                self.note("medium", f"replaces your variable {name}", external=False)
        inside = self.nested or self.scopes
        self.now[name] = self.now[name] | thing if inside and name in self.now else thing
        self.ever[name] = self.ever[name] | thing if name in self.ever else thing

    # -- statements

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            handler: Callable[[Any], None] = getattr(self, f"do_{type(statement).__name__}", self.do_other)
            handler(statement)

    def inner(self, *blocks: Iterable[ast.stmt]) -> None:
        """Blocks that may run or not, or more than once."""
        self.nested += 1
        for block in blocks:
            self.body(block)
        self.nested -= 1

    def do_other(self, node: ast.AST) -> None:
        """Whatever has no rule of its own: its expressions are read, then its blocks."""
        for _, value in ast.iter_fields(node):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.expr):
                    self.value(item)
                elif isinstance(item, ast.stmt):
                    self.inner([item])
                elif isinstance(item, ast.AST):
                    self.do_other(item)
        if isinstance(node, ast.ExceptHandler) and node.name:
            self.bind(node.name, SOMETHING)

    def do_Match(self, node: ast.Match) -> None:
        thing = self.loose(node.subject)
        self.nested += 1
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "rest" if isinstance(part, ast.MatchMapping) else "name", None)
                if isinstance(name, str):
                    self.bind(name, replace(thing.part(), texts=None))
                for attribute in getattr(part, "kwd_attrs", ()):
                    self.spelling(attribute, case.pattern)
                if isinstance(part, (ast.MatchValue, ast.MatchClass)):
                    self.value(part.value if isinstance(part, ast.MatchValue) else part.cls)
            if case.guard:
                self.value(case.guard)
            self.body(case.body)
        self.nested -= 1

    def do_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            thing = self.module(alias.name)
            if not alias.asname and "." in alias.name:
                thing = self.module(alias.name.split(".")[0])
            self.bind(alias.asname or alias.name.split(".")[0], thing)

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:
        parent = self.module(node.module or ".")
        for alias in node.names:
            if alias.name == "*":
                self.high(f"imports everything from {node.module}")
            elif parent.kind == "module":
                self.bind(alias.asname or alias.name, self.member(parent.path, alias.name))

    def do_Assign(self, node: ast.Assign) -> None:
        thing = self.value(node.value)
        for target in node.targets:
            self.store(target, thing)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.annotation(node.annotation)
        if node.value:
            self.store(node.target, self.value(node.value))

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        thing = self.value(node.value)
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id)
            self.changes(before)
            self.bind(node.target.id, replace(before, kind="data", path="", texts=None) | thing.part())
        else:
            self.store(node.target, thing)

    def do_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self.store(target, _Thing())
            elif not self.scopes and self.is_theirs(target.id) and target.id not in self.now:
                self.note("medium", f"deletes your variable {target.id}", external=False)
            elif not self.scopes and hasattr(builtins, target.id):
                self.high(f"uncovers the built-in {target.id}")

    def do_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.nested += 1
        self.store(node.target, self.value(node.iter).part())
        self.nested -= 1
        self.inner(node.body, node.orelse)

    do_AsyncFor = do_For

    def do_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            thing = self.value(item.context_expr)
            if item.optional_vars:
                self.store(item.optional_vars, thing)
        self.inner(node.body)  # a context manager may swallow what ends it early

    do_AsyncWith = do_With

    def do_Return(self, node: ast.Return) -> None:
        if node.value:
            thing = self.loose(node.value)
            self.returns[self.owner] = self.returns.get(self.owner, _Thing()) | thing

    def do_Global(self, node: ast.Global) -> None:
        if self.globals:
            self.globals[-1].update(node.names)

    def do_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.outer.update(node.names)

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        for note in (node.returns, *(arg.annotation for arg in _arguments(node.args))):
            self.annotation(note)
        self.bind(node.name, _Thing("own", self.owner or node.name))
        self.function(node.args, node.body, node.name)

    do_AsyncFunctionDef = do_FunctionDef

    def do_ClassDef(self, node: ast.ClassDef) -> None:
        for expression in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.value(expression)
        self.bind(node.name, _Thing("own", self.owner or node.name))
        before, self.owner = self.owner, self.owner or node.name
        self.scopes.append({})
        self.globals.append(set())
        self.body(node.body)
        for name, thing in self.scopes.pop().items():
            if thing.kind == "module" or (thing.kind == "library" and _risky(thing.path.split(".")[-1])):
                self.high(f"passes {thing.path} around as {node.name}.{name}")
        self.globals.pop()
        self.owner = before

    def function(self, args: ast.arguments, body: list[ast.stmt], name: str) -> None:
        """A function written here: its defaults now, its body as if it were called with anything."""
        for default in (*args.defaults, *(d for d in args.kw_defaults if d)):
            self.loose(default)
        before, self.owner = self.owner, self.owner or name
        given = _Thing(roots=frozenset({f"({self.owner}"}), texts=None)
        self.scopes.append({arg.arg: SOMETHING if arg.arg in {"self", "cls"} else given for arg in _arguments(args)})
        self.globals.append(set())
        self.body(body)
        self.scopes.pop()
        self.globals.pop()
        self.owner = before

    def annotation(self, node: ast.expr | None) -> None:
        """An annotation is an expression; as text it may be run by whoever asks for the types."""
        if node is None:
            return
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and re.search(r"\(|__", part.value):
                self.high("hides code in an annotation")
        self.value(node)

    def store(self, target: ast.expr, thing: _Thing) -> None:
        """Something is assigned."""
        if isinstance(target, ast.Name):
            self.bind(target.id, thing)
        elif isinstance(target, ast.Starred):
            self.store(target.value, thing.part())
        elif isinstance(target, (ast.Tuple, ast.List)):
            for item in target.elts:
                self.store(item, thing.part())
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            settings = _dotted(target).startswith(("pd.options.", "plt.rcParams", "pandas.options.", "mpl.rcParams"))
            settings = settings or _dotted(target).startswith("matplotlib.rcParams")
            holder = self.target(target.value)
            if isinstance(target, ast.Subscript):
                self.value(target.slice)
            else:
                self.spelling(target.attr, target.value)
            if thing.kind == "module":
                self.high(f"passes the module {thing.path} around")
            shared = holder.kind in {"module", "library", "builtin", "unknown"} and not holder.path.startswith(".")
            if shared and not settings:
                self.high(f"changes {holder.path or 'something unknown'} itself, for everything that uses it")
            self.changes(holder)
            root = _dotted(target).split(".")[0]
            if thing.roots and root in self.now and holder.kind == "data":
                self.bind(root, holder | thing.part())

    # -- expressions

    def value(self, node: ast.expr) -> _Thing:
        """What an expression may be, when it is not called on the spot."""
        thing = self.target(node)
        last = thing.path.split(".")[-1]
        if thing.kind == "builtin" and last not in SAFE_BUILTINS | {"display"} and not _is_exception(last):
            return self.high(f"{BUILTIN_WORDS.get(last, 'passes a dangerous function around')} ({last})")
        if thing.kind == "library" and _risky(last):
            return self.high(f"passes {last} around")
        if thing.kind == "library" and last in MUTATING:
            if thing.path.startswith("."):
                self.changes(thing)
            elif thing.path.split(".")[0] in SAFE_BUILTINS:
                return self.high(f"passes {thing.path} around")
        if thing.kind == "own" and not isinstance(node, (ast.Name, ast.Lambda)):
            return replace(thing, kind="data", path="")
        return thing

    def target(self, node: ast.expr) -> _Thing:
        """What an expression may be, before it is known what is done with it."""
        match node:
            case ast.Name():
                return self.name(node.id)
            case ast.Constant():
                return self.constant(node.value)
            case ast.Attribute():
                return self.attribute(self.target(node.value), node.attr, node.value)
            case ast.Call():
                return self.call(node)
            case ast.Subscript():
                holder = self.value(node.value)
                self.value(node.slice)
                return self.inside(holder) if holder.kind != "library" else replace(holder, kind="data")
            case ast.NamedExpr():
                return self.walrus(node)
            case ast.Lambda():
                self.function(node.args, [ast.Return(node.body)], f"lambda in line {node.lineno}")
                return _Thing("own", self.owner or f"lambda in line {node.lineno}")
            case ast.IfExp():
                self.value(node.test)
                return self.value(node.body) | self.value(node.orelse)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self.comprehension(node)
            case ast.BoolOp() | ast.List() | ast.Tuple() | ast.Set() | ast.Starred() | ast.Dict():
                return _together(self.loose(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
            case _:
                return self.computed(node)

    def loose(self, node: ast.expr) -> _Thing:
        """A part of a container: a module in one would be lost sight of."""
        thing = self.value(node)
        return self.high(f"passes the module {thing.path} around") if thing.kind == "module" else thing

    def computed(self, node: ast.AST) -> _Thing:
        """A new value made from others, which it does not share."""
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self.loose(part)
            elif isinstance(part, ast.AST):
                self.computed(part)
        return SOMETHING

    def constant(self, value: object) -> _Thing:
        if not isinstance(value, str):
            return _Thing()
        if re.search(r"\{[^}]*__", value):
            self.high("reaches into Python's internals by a format text")
        if value in FILE_WRITERS or value.startswith("module://") or value in {"to_sql", "to_clipboard", "text.usetex"}:
            self.high(f"names {value} in a text")
        return _Thing(texts=frozenset({value}))

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> _Thing:
        self.scopes.append({})
        self.globals.append({COMPREHENSION})
        for generator in node.generators:
            self.store(generator.target, self.value(generator.iter).part())
            for test in generator.ifs:
                self.value(test)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        made = _together(self.loose(part) for part in parts)
        self.scopes.pop()
        self.globals.pop()
        return made

    def walrus(self, node: ast.NamedExpr) -> _Thing:
        """``:=`` binds outside the comprehension that it stands in."""
        thing = self.value(node.value)
        depth = len(self.scopes)
        while depth and COMPREHENSION in self.globals[depth - 1]:
            depth -= 1
        scopes, names = self.scopes, self.globals
        self.scopes, self.globals = scopes[:depth], names[:depth]
        self.bind(node.target.id, thing)
        self.scopes, self.globals = scopes, names
        return thing

    def inside(self, thing: _Thing) -> _Thing:
        """An item or attribute: what is taken out of a frame is a copy (copy on write), of anything else shared."""
        return replace(thing.part(), roots=frozenset() if thing.kind == "frame" else thing.roots)

    def spelling(self, name: str, holder: ast.AST) -> None:
        """Attributes that lead out of the data."""
        dunder = name.startswith("__") and name not in {"__name__", "__doc__", "__version__", "__init__"}
        own = isinstance(holder, ast.Name) and holder.id in {"self", "cls"}
        if dunder or FRAMES.fullmatch(name):
            self.high(f"reaches into Python's internals ({name})")
        elif (
            name.startswith("_")
            and name not in {"_asdict", "_replace", "_fields"}
            and not own
            and not name.startswith("__")
        ):
            self.high(f"reaches into internals ({name})")

    def attribute(self, thing: _Thing, name: str, holder: ast.expr) -> _Thing:
        self.spelling(name, holder)
        if thing.kind == "module":
            return self.member(thing.path, name)
        if thing.kind == "unknown":
            return replace(thing, path=f"{thing.path}.{name}")
        if thing.kind == "frame" and name in {"loc", "iloc", "at", "iat"}:
            return thing
        if thing.kind == "frame" and name in {"values", "array", "attrs", "flags"}:
            return replace(thing, kind="data")
        frames = [self.namespace.get(root) for root in thing.roots] if thing.kind == "frame" else []
        if any(name in getattr(frame, "columns", ()) for frame in frames):
            return self.inside(thing)
        return replace(self.inside(thing), kind="library", path=f"{thing.path}.{name}")

    def member(self, path: str, name: str) -> _Thing:
        """``name`` in the module ``path``."""
        if path in PARTLY and name not in PARTLY[path].split():
            words = DANGER_OF.get(path.split(".")[0], "is not known to be harmless")
            return self.high(f"uses {path}.{name}, which {words}")
        if name.startswith("_"):
            return self.high(f"reaches into internals ({path}.{name})")
        found = _module_at(path, name)
        return self.module(found) if found else _Thing("library", f"{path}.{name}")

    # -- calls

    def call(self, node: ast.Call) -> _Thing:
        holder = self.target(node.func.value) if isinstance(node.func, ast.Attribute) else _Thing()
        if isinstance(node.func, ast.Attribute):
            function = self.attribute(holder, node.func.attr, node.func.value)
        else:
            function = self.target(node.func)
        given = {"*" * isinstance(a, ast.Starred) + str(i): self.loose(a) for i, a in enumerate(node.args)}
        given |= {keyword.arg or "**": self.loose(keyword.value) for keyword in node.keywords}
        for name, thing in given.items():
            if thing.kind == "own" and thing.path in self.mutators:
                self.changes(_together([function, *given.values()]))
            if name == "out":
                self.changes(thing)
        last = function.path.split(".")[-1]
        if function.kind == "builtin":
            return self.builtin_call(last, node, given)
        if function.kind == "own":
            if function.path in self.mutators:
                self.changes(_together(given.values()))
            return _together([*given.values(), self.returns.get(function.path, _Thing())])
        if function.kind == "made":
            return replace(_together(given.values()), texts=None)
        if function.kind == "unknown":
            return self.high(f"calls {function.path or 'something'}, which is not known")
        if function.kind == "module":
            return SOMETHING
        if isinstance(node.func, ast.Attribute) or function.kind == "library":
            holder = holder if holder.kind in {"data", "frame", "library", "builtin"} else _Thing()
            return self.library_call(function, holder, node, given)
        for name in sorted(root for root in function.roots if not root.startswith("(")):
            self.note("medium", f"calls what is in your variable {name}")
        if any(root.startswith("(") for root in function.roots):
            return SOMETHING
        return replace(_together(given.values()), texts=None)

    def builtin_call(self, name: str, node: ast.Call, given: dict[str, _Thing]) -> _Thing:
        first = given.get("0", SOMETHING)
        if name in {"getattr", "setattr", "delattr"}:
            attribute = node.args[1] if len(node.args) > 1 else None
            if not (isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)):
                return self.high(f"uses {name} with a computed name")
            if name == "getattr":
                found = self.attribute(self.target(node.args[0]), attribute.value, node.args[0])
                return self.high(f"passes {attribute.value} around") if _risky(attribute.value) else found
            self.store(ast.Attribute(node.args[0], attribute.value, ast.Store()), _together(given.values()))
            return _Thing()
        if name in {"globals", "locals", "vars"}:
            return self.high(f"uses {name}, which reaches every variable by a computed name")
        if name in BUILTIN_WORDS:
            target = next(iter(first.texts), "") if name == "open" and first.texts else ""
            return self.high(f"{BUILTIN_WORDS[name]} ({target or name})")
        if name == "type" and len(node.args) == 1:
            return _Thing("library", "a type")
        if name == "next":
            self.changes(first, "takes the next item of your variable")
        if name in PASSING:
            return _together(given.values())
        return SOMETHING

    def library_call(self, function: _Thing, holder: _Thing, node: ast.Call, given: dict[str, _Thing]) -> _Thing:
        """A function of a library, or a method of ``holder``."""
        name = function.path.split(".")[-1]
        for variable in sorted(function.unread):
            self.note("medium", f"calls your object {variable}")
        top = function.path.split(".")[0]
        drawn_on = any(_home(type(self.namespace.get(root))) == "matplotlib" for root in holder.roots)
        if name in MUTATING or (drawn_on and not name.startswith("get")):
            self.changes(holder)
        if holder.kind in {"library", "builtin"} and name in MUTATING:  # a method called on its class
            self.changes(given.get("0", _Thing()))
        if "inplace" in given and not _is_literal(node, "inplace", False):
            self.changes(holder)
        if top and name in MUTATING_FUNCTIONS:
            self.changes(given.get("0", _Thing()))
        if name in {"StringIO", "BytesIO"}:
            return _Thing(buffer=True)
        self.options(function.path, name, node, given)
        self.files(function.path, node, given)
        if top == "polars":
            whole = _together([function, *given.values()])
            return replace(whole, kind="library", path=function.path, roots=frozenset())
        kept = holder if name in SAME_DATA or function.unread else _Thing()
        if name in {"append", "add", "insert", "extend", "update", "setdefault"} and isinstance(
            node.func, ast.Attribute
        ):
            self.absorb(node.func.value, given)
        return replace(self.inside(kept), texts=None)

    def absorb(self, holder: ast.expr, given: dict[str, _Thing]) -> None:
        """What is put into a container written here stays a part of whose it was."""
        thing = _together(given.values())
        if thing.roots and isinstance(holder, ast.Name) and holder.id in self.now:
            self.now[holder.id] = self.now[holder.id] | thing

    def options(self, path: str, name: str, node: ast.Call, given: dict[str, _Thing]) -> None:
        """Arguments that are code, or that lead to code."""
        first = given.get("0", given.get("expr", _Thing()))
        if name in {"query", "eval"}:
            self.expression(name, node.args[0] if node.args else None, columns_only=path != "pandas.eval")
        by_name = [first, given.get("func", _Thing())] if name in {"agg", "aggregate", "apply", "transform"} else []
        by_name += [given[key] for key in ("aggfunc", "estimator") if key in given]
        if name in {"agg", "aggregate"}:
            by_name += [thing for key, thing in given.items() if not key.isdigit() and key not in {"axis", "func"}]
        for thing in by_name:
            if thing.kind == "data" and thing.texts is None:
                self.high(f"calls a method by a computed name ({name})")
            elif any(_risky(text) for text in thing.texts or ()):
                self.high(f"calls {', '.join(sorted(t for t in thing.texts or () if _risky(t)))} by its name")
        if name in {"use", "set_option", "option_context", "switch_backend", "rc_context"}:
            plain = (
                r"[\w ,.-]+"
                if name not in {"use", "switch_backend"} or ".style." in path
                else r"(?i)agg|inline|svg|pdf"
            )
            if first.texts is None or not all(re.fullmatch(plain, t) and "backend" not in t for t in first.texts):
                self.high(f"loads settings or code by name ({name})")
        if given.get("backend", MATPLOTLIB) != MATPLOTLIB or (
            "usetex" in given and not _is_literal(node, "usetex", False)
        ):
            self.high(f"loads settings or code by name ({name})")
        if path.startswith("statsmodels.formula") or name == "from_formula":
            formulas = [first, *(thing for key, thing in given.items() if key.endswith("formula"))]
            if any(thing.texts is None or not all(map(_plain_formula, thing.texts)) for thing in formulas):
                self.high("runs a formula that is not plain text")
        if ("memory" in given and not _is_literal(node, "memory", None)) or _is_literal(node, "input", "filename"):
            self.high("keeps or reads files of its own")

    def expression(self, name: str, node: ast.expr | None, columns_only: bool) -> None:
        """The text of ``query`` and ``eval`` is code: read it as such."""
        text = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(text, str):
            self.high(f"runs computed text as code ({name})")
            return
        if re.search(r"@\s*[\w.]+\s*[(\[]|@\s*[\w]+\.|__", text):
            self.high(f"calls functions from inside the text of {name}")
            return
        plain = re.sub(r"`[^`]*`", "column", text).replace("@", "")
        before, self.columns_only = self.columns_only, columns_only
        try:
            tree = ast.parse(plain.strip())
            for part in ast.walk(tree):
                if isinstance(part, ast.expr) and not isinstance(getattr(part, "ctx", None), ast.Store):
                    self.value(part)
        except SyntaxError:
            self.high(f"runs text as code that cannot be read ({name})")
        self.columns_only = before

    def files(self, called: str, node: ast.Call, given: dict[str, _Thing]) -> None:
        """What is read from files and written to them."""
        name = called.split(".")[-1]
        if name in {"query", "eval", "use", "set_option"} or not _risky(name):
            if "out_file" in given and not _is_literal(node, "out_file", None):
                self.path("writes", name, given["out_file"])
            return
        writes, reads = name in FILE_WRITERS or called == "numpy.save", name in READERS
        path = next((given[key] for key in PATH_KEYS if key in given), given.get("0"))
        if reads and "allow_pickle" in given and not _is_literal(node, "allow_pickle", False):
            self.high("unpickles objects, which can run any code")
        if name in TEXT_WRITERS and (path is None or path == _Thing()) and not {"**", "*0"} & set(given):
            return
        if (writes or reads) and path is not None:
            self.path("writes" if writes else "reads", name, path)
            return
        for part, words in (
            ("sql", "writes to a database"),
            ("pickle", "unpickles objects"),
            ("", "may reach outside"),
        ):
            if part in name:
                self.high(f"{words} ({name})")
                return

    def path(self, what: str, name: str, thing: _Thing) -> None:
        """A file that is read or written: inside the working folder, by a name that stands in the code, or not."""
        if thing.buffer:
            return
        if not thing.texts:
            self.high(f"{what} a file by a computed path ({name})")
            return
        for text in sorted(thing.texts):
            inside = not PurePosixPath(text).is_absolute() and not PureWindowsPath(text).anchor
            inside = inside and not PureWindowsPath(text).drive and not text.startswith("~")
            if "://" in text or text.startswith(("s3:", "gs:", "hdfs:")):
                self.high(f"reaches the network ({text})")
            elif inside and ".." not in PureWindowsPath(text).parts and ":" not in text and "|" not in text:
                self.note("medium", f"{what} the file {text}", external=what == "writes")
            else:
                self.high(f"{what} a file elsewhere: {text}")


REACHING = {"getattr", "setattr", "delattr", "globals", "locals", "vars"}
COMPREHENSION = "(comprehension)"
CALLABLES = (FunctionType, BuiltinFunctionType, MethodType, type)


def _home(kind: type) -> str:
    """The library a class says it comes from."""
    return str(kind.__module__).split(".")[0].lstrip("_")


def _arguments(args: ast.arguments) -> list[ast.arg]:
    more = [arg for arg in (args.vararg, args.kwarg) if arg]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *more]


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name, None)
    harmless = isinstance(found, type) and issubclass(found, Exception)
    return harmless or name in {"KeyboardInterrupt", "BaseException"}


def _is_literal(node: ast.Call, keyword: str, value: object) -> bool:
    given = [k.value for k in node.keywords if k.arg == keyword]
    return bool(given) and isinstance(given[0], ast.Constant) and given[0].value == value


def _dotted(node: ast.expr) -> str:
    """``a.b[…]`` as ``a.b.``; whatever does not begin with a name begins with nothing."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return f"{_dotted(node.value)}."
    return node.id if isinstance(node, ast.Name) else ""


def _plain_formula(text: str) -> bool:
    """Whether a formula of patsy, which is run as code, only names columns and the usual transformations."""
    called = re.findall(r"([\w.]*)\s*\(", text)
    hidden = "__" in text or "lambda" in text or re.search(r"[\])]\s*\(", text)
    return not hidden and all(not name or name in FORMULA_CALLS for name in called)
