"""Modules: which are known to be harmless, which are dangerous and why, and which one a dotted name leads to.

What is not listed here is not known to be harmless. Nothing is imported to find out. It does not know variables.
"""

from __future__ import annotations

import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from aether_nb.live.describing.safely import class_module
from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.things import Thing

__all__ = ["Modules", "home"]

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
    r"|duration)(\.(?!tests)[a-z]\w*)*)"
)
"""Modules of big libraries, by their place."""
PARTLY = {
    module: frozenset(names.split())
    for module, names in {
        "os": "path getcwd sep cpu_count",
        "os.path": "join basename dirname splitext exists isfile isdir",
        "io": "StringIO BytesIO",
        "posixpath": "join basename dirname splitext exists isfile isdir",
        "ast": "literal_eval",
        "asyncio": "sleep gather wait_for",
        "sys": "version version_info getsizeof maxsize float_info platform byteorder",
        "pathlib": "Path PurePath PurePosixPath PosixPath",
        "IPython.display": "display Markdown Latex Math Pretty JSON clear_output",
        "IPython": "display Markdown Latex Math Pretty JSON clear_output",
        "uuid": "uuid4 UUID",
    }.items()
}
"""Modules of which only these names are harmless."""
DANGERS = {
    "reaches the network": "requests httpx urllib urllib3 socket ssl http ftplib smtplib aiohttp websockets paramiko"
    " boto3 fsspec webbrowser",
    "starts a process": "subprocess multiprocessing pexpect pty sh signal",
    "starts threads": "threading concurrent _thread asyncio",
    "reaches files": "shutil pathlib glob tempfile zipfile tarfile fileinput os posix nt io _io",
    "unpickles objects, which can run any code": "pickle dill joblib shelve cloudpickle marshal _pickle copyreg",
    "installs packages": "pip ensurepip setuptools conda venv",
    "runs code made while it runs": "importlib runpy code codeop inspect gc pdb builtins types sys IPython",
    "calls into compiled libraries": "ctypes cffi _ctypes",
    "reaches a database": "sqlite3 sqlalchemy duckdb psycopg psycopg2 pymysql pymongo redis",
}
DANGER_OF = {name: words for words, names in DANGERS.items() for name in names.split()}
UNKNOWN = "is not known to be harmless"
STRANGERS = {"Path": "pathlib", "PurePath": "pathlib", "Pool": "multiprocessing", "Parallel": "joblib"}
"""Names that some harmless modules hold although they are another's, and whose."""
OWN_PATHS = re.compile(r"matplotlib\.(patches|lines|collections|transforms|patheffects|axes|figure)")
"""Modules whose ``Path`` is one of matplotlib's, which is drawn."""
SHORT = {
    "np": "numpy",
    "pd": "pandas",
    "mpl": "matplotlib",
    "plt": "matplotlib.pyplot",
    "sp": "scipy",
    "sns": "seaborn",
}
"""What modules call each other."""


class Modules:
    """What is spoken of when a module, or something in one, is named."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def module(self, path: str) -> Thing:
        """A module that is spoken of."""
        if is_harmless(path):
            return Thing("module", path)
        return self.findings.uses(path, DANGER_OF.get(path.split(".")[0], UNKNOWN))

    def member(self, path: str, name: str) -> Thing:
        """``name`` in the module ``path``."""
        if path in PARTLY and name not in PARTLY[path]:
            return self.findings.uses(f"{path}.{name}", DANGER_OF.get(path.split(".")[0], UNKNOWN))
        if name.startswith("_"):
            return self.findings.high(f"reaches into internals ({path}.{name})")
        found = module_at(path, name)
        if found:
            return self.module(found)
        owner = _owner(path, name)
        if owner and name not in PARTLY.get(owner, ()):
            return self.findings.uses(f"{path}.{name}", DANGER_OF.get(owner.split(".")[0], UNKNOWN))
        return Thing("library", f"{owner or path}.{name}")


def module_at(parent: str, name: str) -> str:
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


def is_harmless(path: str) -> bool:
    """Whether a module may be spoken of; of some only certain names."""
    return path in PURE or path in PARTLY or FAMILIES.fullmatch(path) is not None


def home(kind: type) -> str:
    """The library a class says it comes from."""
    return str(class_module(kind)).split(".")[0].lstrip("_")


def _owner(path: str, name: str) -> str:
    """The dangerous module that a function or class in the harmless module ``path`` really belongs to, or nothing."""
    if path in PARTLY:
        return ""
    held = vars(sys.modules[path]).get(name) if path in sys.modules else None
    if held is not None:
        owner = str(getattr(held, "__module__", None) or "").partition("._")[0]  # pathlib._local is pathlib
        return owner if callable(held) and owner.split(".")[0] in DANGER_OF else ""
    return "" if name == "Path" and OWN_PATHS.match(path) else STRANGERS.get(name, "")
