"""Whole cells as models write them: a false alarm in one of these would be in everybody's way."""

from __future__ import annotations

import builtins

import pytest

from aether_nb.live.reading import Reading, read
from harness.notebook import notebook

USUAL = """
import csv, io, json, math, re
import matplotlib.pyplot as plt, numpy as np, pandas as pd
from dataclasses import dataclass
"""

CELLS = r"""
by = df.groupby('g')['a'].agg(['count', 'mean', 'std'])
by['sem'] = by['std'] / by['count'] ** 0.5
by.sort_values('mean', ascending=False)
###
fig, ax = plt.subplots(1, 2, figsize=(10, 4))
for a, (kind, part) in zip(ax.flat, df.groupby('g')):
    a.hist(part['a'], bins=10, alpha=.7, label=str(kind))
    a.set_xlabel('a'); a.legend()
fig.suptitle('x'); plt.tight_layout(); plt.show()
###
tmp = df.copy()
tmp['day'] = pd.to_datetime(tmp['day'])
tmp['month'] = tmp['day'].dt.to_period('M').astype(str)
monthly = tmp.groupby('month', observed=True)['a'].sum().reset_index()
monthly.columns = ['month', 'total']
monthly['change'] = monthly['total'].pct_change().mul(100).round(1)
monthly
###
from scipy import stats
groups = [g['a'].dropna() for _, g in df.groupby('g')]
f, p = stats.f_oneway(*groups)
print(f"F={f:.2f}, p={p:.3g}")
###
results = {}
for col in df.select_dtypes('number').columns:
    q1, q3 = df[col].quantile([.25, .75])
    iqr = q3 - q1
    mask = (df[col] < q1 - 1.5*iqr) | (df[col] > q3 + 1.5*iqr)
    results[col] = int(mask.sum())
pd.Series(results, name='outliers').sort_values(ascending=False)
###
corr = df.corr(numeric_only=True)
mask = np.triu(np.ones_like(corr, dtype=bool))
corr.where(~mask).stack().sort_values(key=abs, ascending=False).head(5)
###
def describe(s):
    return pd.Series({'n': s.size, 'mean': s.mean(), 'median': s.median()})
df.groupby('g')['a'].apply(describe).unstack()
###
from sklearn.preprocessing import StandardScaler, LabelEncoder
le = LabelEncoder()
y = le.fit_transform(df['g'])
X = StandardScaler().fit_transform(df[['a', 'b']])
X[:3]
###
from sklearn.model_selection import cross_val_score, GridSearchCV
from sklearn.ensemble import RandomForestClassifier
grid = GridSearchCV(RandomForestClassifier(), {'max_depth': [2, 3]}, cv=2, scoring='accuracy')
grid.fit(df[['a']], df['g'])
print(grid.best_params_, grid.best_score_)
###
missing = df.isna().sum()
missing = missing[missing > 0].sort_values(ascending=False)
print(missing.to_string() if len(missing) else 'none missing')
###
lines = []
for kind, part in df.groupby('g'):
    lines.append(f'{kind}: {part["a"].mean():.1f}')
print('\n'.join(lines))
###
pivot = df.pivot_table(index='g', columns='a', values='b', aggfunc=['mean', 'count'], fill_value=0)
pivot.columns = ['_'.join(map(str, c)) for c in pivot.columns]
pivot
###
from collections import Counter
c = Counter()
for text in df['g']:
    c.update(text.lower().split())
c.most_common(3)
###
rng = np.random.default_rng(0)
boot = np.array([rng.choice(df['a'], len(df)).mean() for _ in range(1000)])
np.percentile(boot, [2.5, 97.5])
###
x = np.linspace(0, 1, 50)
coef = np.polyfit(df['a'], df['b'], 1)
line = np.poly1d(coef)
plt.plot(x, line(x))
###
df.assign(**{f'{c}_z': (df[c] - df[c].mean()) / df[c].std() for c in ['a', 'b']}).head()
###
kw = dict(color='red', alpha=0.5)
plt.scatter(df['a'], df['b'], **kw)
###
style = {'color': 'k', 'lw': 1}
plt.axhline(0, **style)
###
def plot(ax, **kwargs):
    ax.plot(df['a'], **kwargs)
fig, ax = plt.subplots()
plot(ax, color='k')
###
sub = df[df['a'] > 2]
sub['y'] = sub['a'] * 2
sub.loc[sub['y'] > 5, 'y'] = 0
sub = sub.rename(columns={'y': 'z'}).drop(columns=['b'])
sub
###
parts = [df[df['g'] == g].head(2) for g in df['g'].unique()]
pd.concat(parts, ignore_index=True)
###
@dataclass
class Point:
    x: float
    y: float = 0.0
    def __post_init__(self):
        self.r = math.hypot(self.x, self.y)
    def __repr__(self):
        return f'P({self.r})'
pts = [Point(i, i) for i in range(3)]
pts.sort(key=lambda p: p.r)
pts[0].r
###
class Stats:
    def __init__(self, frame):
        self.frame = frame.copy()
    def top(self, n):
        return self.frame.nlargest(n, 'a')
Stats(df).top(2)
###
buf = io.StringIO()
df.info(buf=buf)
print(buf.getvalue())
###
w = csv.writer(buf2 := io.StringIO())
w.writerow(['a', 'b'])
buf2.getvalue()
###
display(df.head(), df.describe())
###
from IPython.display import Markdown, display
display(Markdown('## Result'))
display(Markdown(f'**mean**: {df.a.mean():.2f}'))
###
df.style.format('{:.2f}').background_gradient()
###
text = json.dumps(df.head().to_dict('records'), indent=2, default=str)
print(text)
###
re.findall(r'\d+', 'a1b2'), re.compile(r'x').sub('y', 'xx')
###
s2 = df['g'].astype('category').cat.codes
s2.value_counts(normalize=True).mul(100).round(1).rename('percent')
###
df['a'].rename('new'), df.rename(columns=str.upper), df.replace({'g': {'x': 'X'}})
###
df['g'].str.replace('x', 'y').str.strip().map({'y': 1}).fillna(0)
###
total = 0
for i, row in df.iterrows():
    total += row['a']
total
###
seen = set()
dupes = [v for v in df['a'] if v in seen or seen.add(v)]
###
matrix = [[0] * 3 for _ in range(3)]
matrix[1][2] = 5
###
m2 = arr.copy()
m2[0] = 9
m2.sort()
###
z = np.where(arr > 2, arr, 0)
z[0] = 1
np.sort(arr)[0]
###
e = np.log1p(arr)
e[e < 0] = 0
###
y2 = arr.astype(float)
y2
###
labels = pd.cut(df['a'], bins=[0, 2, 4, 6], labels=['low', 'mid', 'high'])
df.groupby(labels, observed=False)['b'].mean()
###
agg = {'a': ['mean', 'max'], 'b': 'sum'}
df.groupby('g').agg(agg)
###
cols = ['a', 'b']
funcs = {c: 'mean' for c in cols}
df.groupby('g').agg(funcs)
###
funcs = [np.mean, 'median', lambda s: s.max() - s.min()]
df.groupby('g')['a'].agg(funcs)
###
df.groupby('g').agg(n=('a', 'size'), m=pd.NamedAgg('a', 'mean'))
###
import statsmodels.formula.api as smf
formula = 'b ~ a + C(g)'
model2 = smf.ols(formula, data=df).fit()
print(model2.summary().tables[1], model2.rsquared)
###
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.linear_model import LogisticRegression
pre = ColumnTransformer([('cat', OneHotEncoder(handle_unknown='ignore'), ['g'])])
pipe = Pipeline([('pre', pre), ('clf', LogisticRegression(max_iter=1000))])
pipe.fit(df[['g', 'a']], df['g']).score(df[['g', 'a']], df['g'])
###
df.apply(lambda r: f"{r['a']}-{r['b']}", axis=1).head()
###
tree = {}
for g, part in df.groupby('g'):
    tree.setdefault(g, []).append(len(part))
tree
###
def twice(n):
    for i in range(n):
        yield i * 2
list(twice(3))
###
import time
start = time.perf_counter()
df.sum(numeric_only=True)
print(time.perf_counter() - start)
###
print(*df.columns, sep=', ')
print('x', end='')
###
pd.options.display.float_format = '{:.2f}'.format
###
plt.rcParams.update({'figure.dpi': 120, 'axes.grid': True})
###
plt.rcParams['axes.prop_cycle'] = plt.cycler(color=['k', 'r'])
###
with pd.option_context('display.max_rows', 5):
    print(df)
###
with plt.style.context('ggplot'):
    df['a'].plot()
###
ax = df.plot(kind='bar', x='g', y='a', rot=0)
ax.figure.set_size_inches(4, 3)
for bar in ax.patches:
    ax.annotate(f'{bar.get_height():.0f}', (bar.get_x(), bar.get_height()))
for tick in ax.get_xticklabels():
    tick.set_rotation(45)
ax.spines['top'].set_visible(False)
plt.setp(ax.get_xticklabels(), rotation=45)
###
from matplotlib.patches import Patch
plt.legend(handles=[Patch(color='k', label='x')])
###
from pathlib import Path
stem = Path('data/x.csv').stem
p = Path('data') / f'{stem}.csv'
print(p.exists(), p.name.replace('.csv', ''), p.suffix)
###
from pathlib import Path
renamed = df.rename(columns={'a': 'A'}).replace('x', 'y').copy()
s9 = df['a'].copy(deep=True)
###
if __name__ == '__main__':
    print(df.shape)
###
roll = df.set_index('day')['a'].rolling('7D').mean()
roll.plot(ax=plt.gca())
###
import polars as pl
pf = pl.DataFrame({'a': [1, 2], 'g': ['x', 'y']})
pf.with_columns((pl.col('a') * 2).alias('b')).filter(pl.col('b') > 2).group_by('g').agg(pl.len())
###
import statsmodels.api as sm
sm.qqplot(df['a'], line='s')
sm.stats.anova_lm(sm.OLS.from_formula('b ~ a', df).fit())
###
from scipy.cluster.hierarchy import linkage, dendrogram
dendrogram(linkage(df[['a', 'b']], 'ward'))
###
from scipy.interpolate import interp1d
f = interp1d([0, 1], [0, 1])
f(0.5)
###
import functools, itertools
list(itertools.combinations(df.columns, 2)), functools.reduce(lambda a, b: a + b, [1, 2])
"""


@pytest.mark.parametrize("cell", CELLS.split("###"))
def test_a_whole_cell_of_ordinary_analysis_is_low(cell: str) -> None:
    """What analysts do all day is done without a question."""
    assert read(USUAL + cell, notebook()) == Reading("low", "namespace")


def test_importing_display_is_low_in_a_shell_that_has_it_already(monkeypatch):
    """IPython puts ``display`` beside the names of Python; importing it by name is as ordinary there as elsewhere."""
    monkeypatch.setattr(builtins, "display", print, raising=False)
    assert read("from IPython.display import display\ndisplay(1)", {}) == Reading("low", "namespace")
