"""What the reading of code decides, snippet by snippet: bypasses are high, ordinary analysis is low."""

from __future__ import annotations

import io
import os
import pathlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from aether_nb.live.reading import Reading, read


class Robot:
    """An object of the user's that nobody read."""

    def go(self) -> None: ...


def helper(x: Any) -> Any:
    return x


def count() -> Iterator[int]:
    yield 1


@pytest.fixture
def namespace() -> dict[str, object]:
    """A notebook with the usual imports, frames, containers and things of the user's own."""
    days = pd.date_range("2020-01-01", periods=6)
    df = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6], "b": [2.0] * 6, "g": list("xyxyxy"), "day": days, "open": [1] * 6})
    return {
        "pd": pd, "np": np, "os": os, "df": df, "penguins": df.copy(), "arr": np.arange(6), "lst": [1, 2],
        "d": {"k": [1]},
        "n": 5, "name": "g", "helper": helper, "robot": Robot(), "Robot": Robot, "model": LinearRegression(),
        "place": pathlib.Path("x"), "stream": io.StringIO(), "gen": count(), "db": sqlite3.Connection, "s": df["a"],
        "danger": os.system, "reader": pd.read_csv, "writer": df.to_csv, "fns": [os.system], "words": ["mean", "sum"],
    }  # fmt: skip


LOW = [
    "df.head()",
    "df.describe()",
    "df.groupby('g')['a'].mean()",
    "df.groupby('g', as_index=False).agg({'a': ['mean', 'sum'], 'b': 'max'})",
    "df.groupby('g').agg(total=('a', 'sum'), biggest=('b', 'max')).reset_index()",
    "summary = df.groupby('g').agg(mean=('a', 'mean')).round(2)\nsummary['ratio'] = summary['mean'] / 2\nsummary",
    "for how in ['mean', 'sum']:\n    print(how, df.groupby('g')['a'].agg(how))",
    "df.agg(words)",
    "df['a'].apply(lambda v: v * 2).sum()",
    "df.sort_values('a', ascending=False).head(3)",
    "df.query('a > 2 and g == \"x\"')",
    "df.query('a > @n')",
    "df.query('open > 0')",
    "df.query(\"g.str.contains('x')\")",
    "df.eval('c = a + b').head()",
    "top = df.nlargest(3, 'a')\ntop['rank'] = range(1, 4)\ndisplay(top)",
    "df.isna().mean().mul(100).round(1)",
    "df.corr(numeric_only=True)",
    "df.set_index('day').resample('ME')['a'].sum()",
    "df['a'].rolling(3).mean().dropna()",
    "pd.merge(df, penguins, on='g', how='left').shape",
    "pd.crosstab(df['g'], df['a'])",
    "df.pivot_table(index='g', values='a', aggfunc='mean')",
    "df.open.mean()",
    "s.str.upper() if s.dtype == object else s.astype(str).str.zfill(3)",
    "clean = df.dropna().copy()\nclean.loc[clean['a'] > 1, 'b'] = 0\ndel clean['a']\n"
    "clean.rename(columns={'b': 'c'}, inplace=True)",
    "q1, q3 = df['a'].quantile([0.25, 0.75])\niqr = q3 - q1\n"
    "df[(df['a'] < q1 - 1.5 * iqr) | (df['a'] > q3 + 1.5 * iqr)]",
    "import numpy as np\nz = (df['a'] - df['a'].mean()) / df['a'].std()\nnp.abs(z).max()",
    "import numpy as np\nrng = np.random.default_rng(0)\nx = rng.normal(size=100)\nx.sort()\nx[:3] = 0\n"
    "np.add.reduce(x)",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(6, 4))\ndf.plot.scatter('a', 'b', ax=ax)\n"
    "ax.set_title('a and b')\nax.legend()\nplt.tight_layout()\nplt.show()",
    "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.rcParams['figure.figsize'] = (8, 4)\n"
    "df['a'].hist(bins=20)",
    "import matplotlib.dates as mdates\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
    "ax.xaxis.set_major_formatter(mdates.DateFormatter('%Y'))\nfig.autofmt_xdate()",
    "from scipy import stats\nt, p = stats.ttest_ind(df['a'], df['b'], equal_var=False)\n"
    "print(f't={t:.2f}, p={p:.3g}')",
    "from scipy.stats import kruskal, norm\nkruskal(*[part['a'] for _, part in df.groupby('g')])\nnorm.ppf(0.975)",
    "import scipy.stats as st\nst.norm.cdf(1.2), st.t.interval(0.95, 10), st.chi2_contingency(pd.crosstab(df.g, df.a))",
    "from scipy.optimize import curve_fit\ndef line(x, a, b):\n    return a * x + b\n"
    "popt, pcov = curve_fit(line, df['a'], df['b'])",
    "import seaborn as sns\nsns.set_theme()\nsns.boxplot(data=df, x='g', y='a')",
    "import seaborn as sns\nsns.heatmap(df.corr(numeric_only=True), annot=True)",
    "from sklearn.linear_model import LinearRegression\nm = LinearRegression().fit(df[['a']], df['b'])\n"
    "m.predict(df[['a']])[:3]",
    "from sklearn.model_selection import train_test_split\nfrom sklearn.ensemble import RandomForestClassifier\n"
    "X_train, X_test, y_train, y_test = train_test_split(df[['a', 'b']], df['g'], random_state=0)\n"
    "clf = RandomForestClassifier(n_estimators=50, random_state=0)\nclf.fit(X_train, y_train)\n"
    "clf.score(X_test, y_test)",
    "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
    "from sklearn.cluster import KMeans\npipe = make_pipeline(StandardScaler(), KMeans(3))\n"
    "labels = pipe.fit_predict(df[['a', 'b']])",
    "from sklearn.decomposition import PCA\npca = PCA(2)\nscores = pca.fit_transform(df[['a', 'b']])\n"
    "pca.explained_variance_ratio_",
    "import statsmodels.api as sm\nX = sm.add_constant(df[['a']])\nres = sm.OLS(df['b'], X).fit()\n"
    "print(res.summary())",
    "import statsmodels.formula.api as smf\nsmf.ols('b ~ a + C(g) + np.log(a)', data=df).fit().params",
    "from statsmodels.tsa.seasonal import seasonal_decompose\nseasonal_decompose(df['a'], period=2).trend",
    "import polars as pl\npf = pl.from_pandas(df)\npf.group_by('g').agg(pl.col('a').mean()).sort('g')",
    "import math, statistics, json, re\nfrom collections import Counter, defaultdict\n"
    "from datetime import datetime, timedelta\n"
    "Counter(df['g']).most_common(2), json.dumps({'n': n}), re.sub('a', 'b', 'abc'), datetime.now() - "
    "timedelta(days=1)",
    "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    def area(self):\n"
    "        return self._side() ** 2\n"
    "    def _side(self):\n        return self.x\nP(3).area()",
    "def summarise(frame, by):\n    return frame.groupby(by).size()\nsummarise(df, 'g')",
    "import functools\n@functools.lru_cache\ndef fib(k):\n    return k if k < 2 else fib(k - 1) + fib(k - 2)\nfib(20)",
    "out = []\nfor row in df.itertuples():\n    out.append(row.a)\nsorted(out)[-3:]",
    "counts = {}\nfor g in df['g']:\n    counts[g] = counts.get(g, 0) + 1\ncounts",
    "try:\n    df['zzz']\nexcept KeyError as problem:\n    print(type(problem).__name__, problem)",
    "import warnings\nwarnings.filterwarnings('ignore')\nwith warnings.catch_warnings():\n"
    "    df.mean(numeric_only=True)",
    "pd.set_option('display.max_rows', 50)\npd.options.display.max_columns = 20\ndf",
    "import io\npd.read_csv(io.StringIO('a,b\\n1,2'))",
    "import io, matplotlib.pyplot as plt\nbuffer = io.BytesIO()\nplt.savefig(buffer)",
    "df.to_csv()",
    "print(df.to_string(), df.to_dict('records'), df['a'].to_list(), df.to_json(orient='records'))",
    "while True:\n    pass",
    "match n:\n    case 5:\n        print('five')\n    case _:\n        print('other')",
    "os.path.join('a', 'b'), os.getcwd()",
    "getattr(df, 'a').sum()",
    "[x for x in lst if x > 1], {k: v for k, v in d.items()}, sum(i * i for i in range(10))",
    "x = df[['a', 'b']]\nx['c'] = 1\nx",
    "import asyncio\nawait asyncio.sleep(0)",
    "x = (",
]

MEDIUM = [
    ("df['x'] = df['a'] * 2", "changes your variable df"),
    ("df.loc[df['a'] > 2, 'b'] = 0", "changes your variable df"),
    ("df.iloc[0, 0] = 9", "changes your variable df"),
    ("df.columns = list('abcde')", "changes your variable df"),
    ("df = df.dropna()", "replaces your variable df"),
    ("n += 1", "replaces your variable n"),
    ("lst += [3]", "changes your variable lst"),
    ("x = df\nx['z'] = 1", "changes your variable df"),
    ("x = [df]\nx[0].insert(0, 'z', 1)", "changes your variable df"),
    ("def f(frame):\n    frame['z'] = 1\nf(df)", "changes your variable df"),
    ("(lambda frame: frame.insert(0, 'z', 1))(df)", "changes your variable df"),
    ("def f():\n    global n\n    n = 7\nf()", "replaces your variable n"),
    ("def f():\n    return df\nf()['z'] = 1", "changes your variable df"),
    ("for n in range(3):\n    pass", "replaces your variable n"),
    ("[n := k for k in range(3)]", "replaces your variable n"),
    ("import math as n", "replaces your variable n"),
    ("with warnings as n:\n    pass", "replaces your variable n"),
    ("class model:\n    pass", "replaces your variable model"),
    ("match 3:\n    case n:\n        pass", "replaces your variable n"),
    ("del df", "deletes your variable df"),
    ("del df['a']", "changes your variable df"),
    ("df.drop(columns='a', inplace=True)", "changes your variable df"),
    ("df.sort_values('a', inplace=True)", "changes your variable df"),
    ("lst.append(3)", "changes your variable lst"),
    ("d['k'].append(2)", "changes your variable d"),
    ("d.get('k').append(2)", "changes your variable d"),
    ("for part in d.values():\n    part.clear()", "changes your variable d"),
    ("d.update(a=1)", "changes your variable d"),
    ("dict.update(d, a=1)", "changes your variable d"),
    ("wipe = d.clear\nwipe()", "changes your variable d"),
    ("(d if n else {}).clear()", "changes your variable d"),
    ("import operator\noperator.setitem(d, 'a', 1)", "changes your variable d"),
    ("list(map(lambda item: item.clear(), [d]))", "changes your variable d"),
    ("df.values[0, 0] = 1", "changes your variable df"),
    ("arr[0] = 9", "changes your variable arr"),
    ("view = arr[1:]\nview[0] = 9", "changes your variable arr"),
    ("arr.reshape(2, 3)[0, 0] = 9", "changes your variable arr"),
    ("np.add(arr, 1, out=arr)", "changes your variable arr"),
    ("np.random.shuffle(arr)", "changes your variable arr"),
    ("setattr(model, 'x', 1)", "changes your variable model"),
    ("model.fit(df[['a']], df['b'])", "changes your variable model"),
    ("next(gen)", "gen"),
    ("df.to_csv('summary.csv', index=False)", "writes the file summary.csv"),
    ("df.to_parquet(path='out/x.parquet')", "writes the file out/x.parquet"),
    ("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.savefig('plot.png', dpi=150)", "writes the file plot.png"),
    ("np.save('a.npy', arr)", "writes the file a.npy"),
    ("for p in ['a.csv', 'b.csv']:\n    df.to_csv(p)", "writes the file b.csv"),
    ("pd.read_csv('data/x.csv')", "reads the file data/x.csv"),
    ("reader('x.csv')", "reads the file x.csv"),
    ("helper(3)", "calls your function helper"),
    ("df['a'].apply(helper)", "calls your function helper"),
    ("h = helper\n[h][0](3)", "calls your function helper"),
    ("robot.go()", "calls your object robot"),
    ("[robot][0].go()", "calls your object robot"),
    ("Robot()", "calls your class Robot"),
    ("place.replace('y')", "calls your object place"),
    ("d['k']()", "calls what is in your variable d"),
    ("fns[0]('ls')", "calls what is in your variable fns"),
]

HIGH = [
    ("open('x.txt', 'w')", "opens a file"),
    ("with open('x.txt') as f:\n    f.read()", "opens a file"),
    ("f = open\nf('x', 'w')", "opens a file"),
    ("[open][0]('x', 'w')", "opens a file"),
    ("(lambda g=open: g('x', 'w'))()", "opens a file"),
    ("list(map(open, ['x']))", "opens a file"),
    ("df.to_csv('/etc/x.csv')", "elsewhere"),
    ("df.to_csv('../x.csv')", "elsewhere"),
    ("df.to_csv('~/x.csv')", "elsewhere"),
    ("df.to_csv('C:\\\\x.csv')", "elsewhere"),
    ("df.to_csv('s3://bucket/x.csv')", "network"),
    ("df.to_csv('x' + '.csv')", "computed path"),
    ("df.to_csv(f'{n}.csv')", "computed path"),
    ("df.to_csv(**{'path_or_buf': '/etc/x'})", "to_csv"),
    ("df.to_csv(*['/etc/x'])", "to_csv"),
    ("w = df.to_csv\nw('x')", "to_csv"),
    ("writer('x.csv')", "to_csv"),
    ("getattr(df, 'to_csv')('/x')", "to_csv"),
    ("getattr(df, 'to_' + 'csv')('x')", "computed name"),
    ("g = getattr\ng(df, 'to_csv')('x')", "getattr"),
    ("df.agg('to_csv', 0, 'x')", "to_csv"),
    ("df.apply('to_csv', path_or_buf='x')", "to_csv"),
    ("df.agg('to_' + 'csv', 0, 'x')", "computed name"),
    ("df.pivot_table(aggfunc='to_' + 'pickle')", "computed name"),
    ("import functools\nfunctools.partial(df.to_csv, 'x')()", "to_csv"),
    ("import operator\noperator.methodcaller('to_csv', 'x')(df)", "methodcaller"),
    ("from operator import attrgetter as a\na('to_csv')(df)('x')", "attrgetter"),
    ("@df.to_csv\ndef f(): pass", "to_csv"),
    ("import os\nos.remove('x')", "os.remove"),
    ("os.system('ls')", "os.system"),
    ("os.environ['A'] = 'b'", "os.environ"),
    ("import os as o\no.unlink('x')", "os.unlink"),
    ("from os import remove\nremove('x')", "os.remove"),
    ("from os import *", "everything"),
    ("danger('ls')", "system"),
    ("import shutil\nshutil.rmtree('x')", "shutil"),
    ("from pathlib import Path\nPath('x').unlink()", "pathlib"),
    ("place.unlink()", "unlink"),
    ("place.write_text('x')", "write_text"),
    ("import subprocess\nsubprocess.run(['ls'])", "starts a process"),
    ("import multiprocessing as mp", "starts a process"),
    ("import threading\nthreading.Thread(target=print).start()", "threads"),
    ("import requests\nrequests.get('http://x')", "network"),
    ("import urllib.request", "network"),
    ("import socket", "network"),
    ("pd.read_csv('https://x.org/a.csv')", "network"),
    ("pd.read_html('x.html')", "read_html"),
    ("pd.read_csv('/etc/passwd')", "elsewhere"),
    ("pd.read_csv(name + '.csv')", "computed path"),
    ("pd.read_csv('a/../../x.csv')", "elsewhere"),
    ("pd.read_csv(input())", "type"),
    ("pd.read_pickle('x.pkl')", "unpickles"),
    ("import pickle\npickle.loads(b'')", "unpickles"),
    ("import joblib", "unpickles"),
    ("np.load('x.npy', allow_pickle=True)", "unpickles"),
    ("import pip", "packages"),
    ("!pip install x", "shell"),
    ("%pip install x", "shell"),
    ("%%bash\nls", "shell"),
    ("files = !ls", "shell"),
    ("df?", "shell"),
    ("    import os\n    os.remove('x')", "os.remove"),
    (">>> import os\n>>> os.remove('x')", "os.remove"),
    ("get_ipython().system('ls')", "shell"),
    ("eval('1')", "text as code"),
    ("exec('1')", "text as code"),
    ("e = eval\ne('1')", "text as code"),
    ("compile('1', '', 'eval')", "text as code"),
    ("__import__('os').system('ls')", "__import__"),
    ("__builtins__['eval']('1')", "__builtins__"),
    ("import importlib\nimportlib.import_module('os')", "importlib"),
    ("import builtins\nbuiltins.open('x')", "builtins"),
    ("import sys\nsys.modules['os'].system('ls')", "sys.modules"),
    ("import ctypes", "compiled"),
    ("globals()['open']('x')", "globals"),
    ("vars(pd)['io']", "vars"),
    ("().__class__.__base__.__subclasses__()", "internals"),
    ("(lambda: 0).__globals__", "internals"),
    ("'{0.__class__.__init__.__globals__}'.format(df)", "internals"),
    ("match df:\n    case object(__class__=c):\n        c", "internals"),
    ("def f():\n    yield\nf().gi_frame.f_back.f_globals", "internals"),
    ("try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame", "internals"),
    ("df._mgr", "internals"),
    ("df.to_sql('t', 'sqlite:///x.db')", "database"),
    ("import sqlite3", "database"),
    ("robot.execute('drop table x')", "execute"),
    ("df.query(name)", "computed text"),
    ("df.query('a > ' + str(n))", "computed text"),
    ("df.query('@helper(a) > 1')", "inside the text"),
    ("df.query('@os.system(\"ls\")')", "inside the text"),
    ("df.query('a.__class__')", "inside the text"),
    ("df.query(\"a.to_csv('x')\")", "to_csv"),
    ("df.eval(f'{name} + 1')", "computed text"),
    ("pd.eval(\"df.to_csv('/x')\")", "elsewhere"),
    ("q = df.query\nq('a')", "query"),
    ("pd.io.common.os.system('ls')", "pandas.io"),
    ("pd.compat.os.system('ls')", "pandas.compat"),
    ("c = pd.compat\nc.os.system('ls')", "pandas.compat"),
    ("np.ctypeslib.ctypes.CDLL('x')", "ctypeslib"),
    ("[np][0].ctypeslib", "module"),
    ("import matplotlib.pyplot as plt\nplt.sys.modules", "sys"),
    ("import matplotlib\nmatplotlib.subprocess.run(['ls'])", "subprocess"),
    ("import sklearn\nsklearn.os.system('ls')", "os.system"),
    ("import statistics\nstatistics.sys.modules", "sys.modules"),
    ("import random\nrandom._os.system('ls')", "internals"),
    ("import json\njson.codecs.open('x', 'w')", "codecs"),
    ("from pandas.io.common import os", "pandas.io"),
    ("from pandas.compat import os as o", "pandas.compat"),
    ("import unheard_of", "unheard_of"),
    ("input('?')", "type"),
    ("exit()", "ends the kernel"),
    ("quit()", "ends the kernel"),
    ("raise SystemExit", "ends the kernel"),
    ("pd.DataFrame.mean = lambda self: 0", "changes pandas"),
    ("pd.read_csv = helper", "changes pandas"),
    ("setattr(pd, 'x', 1)", "changes pandas"),
    ("np.random.rand = 1", "changes numpy"),
    ("len = 5\nimport math\nmath.pi = 3", "changes math"),
    ("pd.set_option('plotting.backend', 'evil')", "by name"),
    ("b = 'ev' + 'il'\ndf.plot(backend=b)", "by name"),
    ("import matplotlib\nmatplotlib.use('module://evil')", "module://"),
    ("import matplotlib.pyplot as plt\nplt.style.use('http://x/y.mplstyle')", "by name"),
    ("import seaborn as sns\nsns.load_dataset('tips')", "load_dataset"),
    ("from sklearn.datasets import fetch_openml\nfetch_openml('x')", "fetch_openml"),
    ("import statsmodels.formula.api as smf\nsmf.ols('b ~ os.system(\"ls\")', df)", "formula"),
    ("import statsmodels.formula.api as smf\nsmf.ols(f'b ~ {name}', df)", "formula"),
    ("from sklearn.pipeline import make_pipeline\nmake_pipeline(memory='x')", "files of its own"),
    ("import typing\ndef f(x: '__import__(\"os\")'): pass\ntyping.get_type_hints(f)", "annotation"),
    ("import string\nstring.Formatter()", "Formatter"),
    ("f = helper if n else open\nf('x')", "opens a file"),
    ("undefined_function('x')", "not known"),
    ("from IPython.display import HTML\nHTML('<script>')", "IPython"),
    ("np.memmap('x', mode='w+', shape=3)", "memmap"),
    ("np.arange(3).tofile('/x')", "elsewhere"),
    ("arr.dump('x')", "dump"),
    ("type(df).mean = lambda self: 0", "changes a type"),
    ("def f(m=os):\n    m.rename('a', 'b')\nf()", "module os"),
    ("def f():\n    return os\nf().rename('a', 'b')", "module os"),
    ("(lambda: os)().rename('a', 'b')", "module os"),
    ("class A:\n    m = os\nA.m.rename('a', 'b')", "passes os around"),
    ("class A:\n    from pandas import read_pickle as f\nA.f('x')", "read_pickle"),
    ("class A: pass\nA.m = os\nA.m.rename('a', 'b')", "module os"),
    ("k = {}\nk['m'] = os\nk['m'].rename('a', 'b')", "module os"),
    ("match os:\n    case m:\n        m.rename('a', 'b')", "module os"),
    ("(os if n else np).rename('a', 'b')", "not known"),
    ("if n > 9:\n    os = df\nos.rename('a', 'b')", "not known"),
    (
        "def f():\n    m = df\n    def g():\n        nonlocal m\n        m = os\n    g()\n    m.rename('a', 'b')\nf()",
        "not known",
    ),
    ("if n > 9:\n    open = len\nopen('x', 'w')", "open"),
    ("open = len\ndel open\nopen('x', 'w')", "open"),
    (
        "import contextlib\nwith contextlib.suppress(Exception):\n    1 / 0\n    os = df\nos.rename('a', 'b')",
        "not known",
    ),
    ("for pd.read_csv in [1]:\n    pass", "changes pandas"),
    ("del pd.read_csv", "changes pandas"),
    ("__builtins__", "__builtins__"),
    ("from __main__ import helper", "__main__"),
    ("df.plot(backend='evil')", "by name"),
    ("import matplotlib.pyplot as plt\nplt.rc('text', usetex=True)", "by name"),
    ("import matplotlib.pyplot as plt\nplt.gcf().canvas.print_figure('x')", "print_figure"),
    ("import functools\nfunctools.partial(dict.clear, d)()", "dict.clear"),
    ("pd.DataFrame.to_csv(df, '/etc/x')", "to_csv"),
    ("object.__getattribute__(df, 'to_csv')", "internals"),
    ("class A:\n    __getitem__ = os.system\nA()['ls']", "os.system"),
    ("x = [os.system for _ in [1]]\nx[0]('ls')", "os.system"),
    ("import contextlib\ncontextlib.sys.modules", "sys"),
]


@pytest.mark.parametrize("code", LOW)
def test_ordinary_analysis_is_low(code: str, namespace: dict[str, object]) -> None:
    """Ordinary analysis raises no alarm and stays in the namespace."""
    found = read(code, namespace)
    assert (found.risk, found.effect) == ("low", "namespace"), found.reasons


@pytest.mark.parametrize(("code", "words"), MEDIUM)
def test_what_touches_the_users_things_is_medium(code: str, words: str, namespace: dict[str, object]) -> None:
    """What changes the user's variables, calls their code or touches files here is asked, with the reason in words."""
    found = read(code, namespace)
    assert found.risk == "medium", found.reasons
    assert words in "\n".join(found.reasons)


@pytest.mark.parametrize(("code", "words"), HIGH)
def test_what_reaches_outside_or_is_unknown_is_high(code: str, words: str, namespace: dict[str, object]) -> None:
    """What reaches outside, is unknown or hides what it does is high and external, with the reason in words."""
    found = read(code, namespace)
    assert (found.risk, found.effect) == ("high", "external"), found.reasons
    assert words in "\n".join(found.reasons)


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


def test_reasons_name_every_finding_once(namespace: dict[str, object]) -> None:
    """Several findings are all told, each once, and the highest decides."""
    found = read("df['x'] = 1\ndf['y'] = 2\ndf.to_csv('a.csv')", namespace)
    assert found == Reading("medium", "external", ("changes your variable df", "writes the file a.csv"))


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
