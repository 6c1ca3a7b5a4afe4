"""The frame of the house: floors, purity, sizes, and what the wheel carries."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "aether_nb").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

HEAVY = (
    *("anywidget", "httpx", "ipywidgets", "jsonschema", "lancedb", "matplotlib", "mcp"),
    *("numpy", "pandas", "polars", "psycopg", "pyarrow", "pydantic", "scipy"),
)

# Imports every module named on the command line and reports, line by line, what that did to the outside world.
WITNESS = """
import importlib, sys

def witness(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        print("writes", arguments[0])
    elif event in {"os.mkdir", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.putenv"}:
        print(event, *arguments)

sys.addaudithook(witness)
for name in sys.argv[1:]:
    importlib.import_module(name)
print("loaded", *sorted(sys.modules))
"""


def module_name(path):
    """The name by which a file of the package is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(modules, cwd):
    """What importing these modules in a fresh process did (lines), and which modules are loaded then."""
    command = [sys.executable, "-B", "-c", WITNESS, *modules]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *deeds, loaded = done.stdout.splitlines()
    return deeds, set(loaded.split()[1:])


def test_the_floors_hold():
    """A room imports only what stands below it, nothing runs in circles, and what is pure stays so (pyproject.toml)."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*command, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_planned_room_is_optional_only_until_it_stands():
    """A room in parentheses in the floors does not exist yet; when it is built the parentheses go."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    optional = re.findall(r"\((\w+)\)", " ".join(contracts[0]["layers"]))
    assert [room for room in optional if list((ROOT / "aether_nb").glob(f"{room}.py"))] == []
    assert [room for room in optional if list((ROOT / "aether_nb").glob(f"{room}/__init__.py"))] == []


def test_importing_the_package_loads_nothing_else(tmp_path):
    """``import aether_nb`` prints nothing, makes nothing and loads nothing but itself and the standard library."""
    deeds, loaded = imported(["aether_nb"], tmp_path)
    _, before = imported([], tmp_path)
    foreign = {name for name in loaded - before if name.partition(".")[0] not in sys.stdlib_module_names}
    assert (deeds, foreign, list(tmp_path.iterdir())) == ([], {"aether_nb"}, [])


def test_importing_any_module_does_nothing(tmp_path):
    """No module prints, writes, makes a folder, starts a process or reaches the network when it is imported."""
    deeds, _ = imported([module_name(path) for path in PACKAGE], tmp_path)
    assert (deeds, list(tmp_path.iterdir())) == ([], [])


def test_no_module_loads_a_heavy_library(tmp_path):
    """Heavy libraries are loaded by the function that first needs them, or not at all."""
    _, loaded = imported([module_name(path) for path in PACKAGE], tmp_path)
    assert [name for name in HEAVY if name in loaded] == []


def test_what_is_pure_loads_nothing_that_acts(tmp_path):
    """Events and the question of what to do next load no event loop, client, database or shell."""
    pure = [module_name(path) for path in PACKAGE if path.parent.name == "events"] + ["aether_nb.agent.steps"]
    _, loaded = imported(pure, tmp_path)
    assert loaded & {"asyncio", "httpx", "sqlite3", "lancedb", "IPython"} == set()


def test_no_file_is_longer_than_400_lines():
    """A file that does not fit into one reading is two files."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in PACKAGE + TESTS}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_no_function_is_longer_than_a_screen():
    """A function of the package has at most 60 lines."""
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in PACKAGE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60
    ]
    assert long == []


def test_nothing_is_left_for_later():
    """What is in the package is finished: no notes to self, no stubs."""
    notes = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    left = [str(path.relative_to(ROOT)) for path in PACKAGE if notes.search(path.read_text())]
    assert left == []


def test_every_test_says_which_law_it_guards():
    """Each test function has a docstring, so that a failure can be read by whoever did not write it."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


# ---- what is installed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_carries_everything_that_the_package_needs(wheel):
    """Every module and every file beside them, the notebook of the demo with its data, and the licence."""
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = [path for path in (ROOT / "aether_nb").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    data = [path for path in (ROOT / "notebooks" / "data").rglob("*") if path.is_file()]
    examples = [ROOT / "notebooks" / "01-first-look.ipynb", *data]
    expected = {str(path.relative_to(ROOT)) for path in package}
    expected |= {str("aether_nb" / path.relative_to(ROOT)) for path in examples}
    assert names == expected
    assert {"aether_nb/py.typed"} < names
    assert any(name.startswith("aether_nb/widgets/static/") and name.endswith(".mjs") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_the_wheel_brings_the_command(wheel):
    """``aether`` in a terminal is the function ``main`` of the command line."""
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert wheel.read(entry).decode().split("\n")[:2] == ["[console_scripts]", "aether = aether_nb.cli:main"]


def test_everything_that_is_imported_is_required():
    """What the package imports, anywhere, is asked for by name in pyproject.toml and comes with no luck."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    more = [line for extra, lines in extras.items() if extra != "test" for line in lines]
    asked = {distribution(line) for line in [*project["dependencies"], *more]}
    trees = [ast.parse(path.read_text()) for path in PACKAGE]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {name.partition(".")[0] for node in nodes for name in imports(node)}
    foreign = modules - {"aether_nb", *sys.stdlib_module_names}
    homes = packages_distributions()
    assert {module for module in foreign if not asked & {distribution(home) for home in homes.get(module, [])}} == set()


def imports(node):
    """The modules that an import statement names."""
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]


def distribution(requirement):
    """The name of a distribution, as it is compared."""
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_every_requirement_has_a_tested_version():
    """What pyproject.toml asks for is pinned in .ci/constraints.txt, so that an install in a year gets the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {distribution(line) for line in asked}
    pins = re.findall(r"^([\w.-]+)==", (ROOT / ".ci" / "constraints.txt").read_text(), re.MULTILINE)
    assert names - set(pins) == set()


def test_the_constraints_name_no_place():
    """Versions only: where packages come from is the business of whoever installs them."""
    text = (ROOT / ".ci" / "constraints.txt").read_text()
    assert re.findall(r"://|--index-url|--extra-index-url|--find-links|--hash", text) == []
