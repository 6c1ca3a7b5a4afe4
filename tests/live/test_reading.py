"""The laws of reading code: who made a variable, what is told, and what cannot be read."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from aether_nb.live.reading import Reading, names_in, read
from harness.notebook import notebook


@pytest.fixture
def namespace() -> dict[str, object]:
    return notebook()


def test_what_this_run_made_it_may_change(namespace: dict[str, object]) -> None:
    """A variable that the run made is its own, unless it is another name for one of the user's."""
    namespace["mine"], namespace["alias"] = [1], namespace["lst"]
    assert read("mine.append(2)\nmine = 3\ndel mine", namespace, {"mine"}) == Reading("low", "namespace")
    assert read("alias.append(2)", namespace, {"alias"}).reasons == ("changes your variable lst",)


def test_a_function_that_this_run_made_is_looked_into_again(namespace: dict[str, object]) -> None:
    """An approved definition is no approval of every later call."""
    exec("def add(x):\n    return x + 1\ndef drop(p):\n    import os\n    return (lambda: os.remove(p))()", namespace)
    assert read("add(2)", namespace, {"add", "drop"}) == Reading("low", "namespace")
    assert read("drop('x')", namespace, {"add", "drop"}).risk == "high"
    assert read("df['g'].map(drop)", namespace, {"add", "drop"}).risk == "high"


def test_what_this_run_left_behind_is_still_what_it_is(namespace: dict[str, object]) -> None:
    """A path, a renamed function or an alias that the run itself made is no way round the next question."""
    namespace |= {"p": pathlib.Path("x"), "ps": [pathlib.Path("x")], "move": os.rename, "more": namespace["lst"]}
    made = {"p", "ps", "move", "more"}
    assert read("p.rename('b')", namespace, made).risk == "medium"
    assert read("ps[0].rename('b')", namespace, made).risk == "medium"
    assert read("move('a', 'b')", namespace, made).risk == "high"
    assert read("more.append(1)", namespace, made).reasons == ("changes your variable lst",)


def test_what_this_run_wrote_asks_again_before_it_changes_something(namespace: dict[str, object]) -> None:
    """Writing a function is harmless; giving it the user's things is not, nor is taking them out of a box again."""
    exec("def mark(x):\n    x['z'] = 1\ndef look(x):\n    return len(x)\ndef reset():\n    df['z'] = 0", namespace)
    namespace |= {"box": [namespace["lst"], 5], "mine": {}}
    made = {"mark", "look", "reset", "box", "mine"}
    assert read("mark(df)", namespace, made).reasons == ("may change your variable df",)
    assert read("list(map(mark, [d]))", namespace, made).reasons == ("may change your variable d",)
    assert read("reset()", namespace, made).reasons == ("may change your variable df",)
    assert read("look(robot)", namespace, made).reasons == ("calls your object robot",)
    assert read("box[0].append(1)", namespace, made).reasons == ("changes your variable lst",)
    assert read("mark(mine)\nlook(df)\nbox.append(1)", namespace, made) == Reading("low", "namespace")


def test_reasons_name_every_finding_once(namespace: dict[str, object]) -> None:
    """Several findings are all told, each once, and the highest decides."""
    found = read("df['x'] = 1\ndf['y'] = 2\ndf.to_csv('a.csv')", namespace)
    assert found == Reading("medium", "external", ("changes your variable df", "writes the file a.csv"))


@pytest.mark.parametrize(
    "code",
    [
        "import pathlib",
        "from pathlib import Path",
        "from pathlib import Path\nPath('a.csv').exists(), (Path('x') / 'a.csv').stem, Path.cwd()",
        "from pathlib import Path\ndf.rename(columns={'a': 'b'}), df['g'].str.replace('x', 'y'), 'a'.replace('a', 'b')",
        "%matplotlib inline",
        "%matplotlib widget\nimport matplotlib.pyplot as plt",
        "n\n%matplotlib notebook",
    ],
)
def test_paths_and_the_place_of_figures_are_no_reason_to_ask(code: str, namespace: dict[str, object]) -> None:
    """Naming a path reaches no file, and where figures are shown is nobody's risk."""
    assert read(code, namespace) == Reading("low", "namespace")


def test_a_path_that_stands_in_the_code_is_judged_like_a_text(namespace: dict[str, object]) -> None:
    """A file named by a ``Path`` is told by its name, and is elsewhere when the path leads there."""
    assert read("pd.read_csv(Path('a.csv'))", namespace).reasons == ("reads the file a.csv",)
    assert read("Path('a.txt').read_text()", namespace).reasons == ("reads the file a.txt",)
    assert read("df.to_csv(Path('../a.csv'))", namespace).risk == "high"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("df['x'] = df['a'] * n", {"df", "n"}),
        ("del a\nb += 1\nc: int = d", {"a", "b", "c", "int", "d"}),
        ("def f(p):\n    global g\n    return [h for h in g if (lambda: i)]", {"f", "g", "h", "i"}),
        ("import a.b, c as d\nfrom e import f as g, h", {"a", "d", "g", "h"}),
        ("class A(B):\n    x = y\nasync def z(): await w", {"A", "B", "x", "y", "z", "w"}),
        ("try:\n    pass\nexcept E as e:\n    pass\nwith o as q: pass", {"E", "e", "o", "q"}),
        ("match m:\n    case {'k': v, **r}: pass\n    case [s, *t]: pass\n    case u: pass", set("mvrstu")),
        ("%matplotlib inline\nplt", {"plt"}),
        ("x = (", set()),
        ("df\n%pip install x", set()),
        ("files = !ls", set()),
        ("(" * 5_000, set()),
    ],
)
def test_the_names_that_code_touches(code: str, names: set[str]) -> None:
    """Every name that is loaded, bound or deleted at any depth; nothing when it is not plain Python."""
    assert names_in(code) == names


def test_a_syntax_error_is_harmless_and_said(namespace: dict[str, object]) -> None:
    """What is not valid Python will fail by itself; the reading says so."""
    assert read("x = (", namespace) == Reading("low", "namespace", ("this is not valid Python; it will fail",))


def test_code_too_deep_to_read_is_high(namespace: dict[str, object]) -> None:
    """What the reader cannot follow is not waved through."""
    assert read("(" * 50 + "1" + "+1" * 20_000 + ")" * 50, namespace).risk == "high"


def test_reading_needs_and_imports_no_library() -> None:
    """In a fresh kernel ordinary code is low and hidden modules are high, and no library is imported to find out."""
    code = """
import sys
from aether_nb.live.reading import read
start = "import pandas as pd, numpy as np, sklearn, seaborn as sns, matplotlib.pyplot as plt\\ndf = pd.DataFrame()\\n"
fine = ["df.agg([np.mean, np.std])", "np.random.rand(3)", "sns.boxplot(df)", "plt.style.use('ggplot')", "pd.array([1])"]
bad = ["pd.compat.os.system('x')", "[np.ctypeslib]", "sklearn.os.system('x')", "plt.sys.modules", "np.f2py", "pd.io"]
print([read(start + line, {}).risk for line in fine + bad], {"pandas", "numpy", "sklearn"} & set(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(["low"] * 5 + ["high"] * 6) + " set()"
