"""Ordinary analysis, as people and models write it: nobody is asked about it."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

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
    "getattr(df['a'], 'mean')()",
    "name.partition('x')",
    "k = n\nk += 1\nstats = {'n': n, 'name': name}\nstats['n'] += 1\nstats['name'] += 'x'",
    "missing = {c: 0 for c in df.columns}\nfor c in df:\n    missing[c] += df[c].isna().sum()",
    "seen = {c: [] for c in df}\nfor c in df:\n    seen[c].append(1)",
    "k = dict(zip(df.columns, [0] * 5))\nk['a'] += 1",
    "k = {v: 0 for v in arr}\nk[1] += 1\nm = list(lst)\nm[0] += 1",
    "from collections import defaultdict\nk = defaultdict(float)\nm = {}\nfor v in nested:\n    k[v[0]] += v[0]\n"
    "    m.setdefault(v[0], 0)\n    m[v[0]] += v[0]",
    "x = df.copy()\nx['a'] += 1\nx.loc[0, 'a'] += 1\ny = df[['a', 'b']]\ny['a'] += 1",
    "m = np.zeros(6)\nm[arr] += 1\nfor at, v in enumerate(arr):\n    m[at] += v",
    "[x for x in lst if x > 1], {k: v for k, v in d.items()}, sum(i * i for i in range(10))",
    "x = df[['a', 'b']]\nx['c'] = 1\nx",
    "import asyncio\nawait asyncio.sleep(0)",
    "x = (",
]


@pytest.mark.parametrize("code", LOW)
def test_ordinary_analysis_is_low(code: str) -> None:
    """Ordinary analysis raises no alarm and stays in the namespace."""
    found = read(code, notebook())
    assert (found.risk, found.effect) == ("low", "namespace"), found.reasons
