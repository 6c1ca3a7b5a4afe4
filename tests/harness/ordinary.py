# ruff: noqa: E501
"""Ordinary analysis, as a careful model would send it: nobody is to be asked about any of it.

``df`` is a frame of sales by city, product and day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SNIPPETS = r"""
df.head()
df.describe(include="all")
df.groupby("city")["sales"].mean().sort_values(ascending=False)
df.groupby(["city", "product"]).agg(total=("sales", "sum"), n=("sales", "size")).reset_index()
df.pivot_table(index="city", columns="product", values="sales", aggfunc="mean")
df.merge(df.groupby("city", as_index=False)["sales"].max(), on="city", suffixes=("", "_max"))
df.set_index("day")["sales"].resample("W").sum().rolling(2).mean()
df["day"].dt.month_name().value_counts()
df.isna().mean().round(3)
df.query("sales > 10 and city == 'Rome'")
df.assign(share=lambda d: d["sales"] / d["sales"].sum()).nlargest(3, "share")
df["city"].str.upper().str.len().unique()
df.select_dtypes("number").corr(method="spearman")
df.to_csv()
print(df.to_string())
import pandas as pd; pd.cut(df["sales"], 4).value_counts(sort=False)
import pandas as pd; pd.crosstab(df["city"], df["product"], normalize="index")
import pandas as pd; pd.get_dummies(df["city"]).sum()
import pandas as pd; pd.concat([df, df]).drop_duplicates().shape
import io, pandas as pd; pd.read_csv(io.StringIO("a,b\n1,2"))
import numpy as np; np.percentile(df["sales"].dropna(), [5, 50, 95])
import numpy as np; np.linalg.svd(np.random.default_rng(0).random((50, 20)))[1][:3]
import numpy as np; np.fft.rfft(np.arange(64.0)).real.sum()
import numpy as np; (np.random.default_rng(1).random((200, 200)) @ np.ones(200)).mean()
import collections; collections.Counter(df["city"]).most_common(2)
import re, json, math; json.dumps({"n": len(df), "root": math.sqrt(len(df)), "m": bool(re.match("R", "Rome"))})
import datetime; (datetime.datetime.now() - datetime.datetime(2020, 1, 1)).days > 0
import warnings, itertools; warnings.simplefilter("ignore"); list(itertools.combinations("abc", 2))
import copy; copy.deepcopy({"a": [1, 2, {"b": df["sales"].tolist()[:3]}]})
from zoneinfo import ZoneInfo; df["day"].dt.tz_localize(ZoneInfo("Europe/Rome")).max()
import decimal, fractions; decimal.Decimal("1.10") + 1, fractions.Fraction(1, 3)
import matplotlib.pyplot as plt; fig, ax = plt.subplots(); ax.plot([1, 2, 3]); ax.set_title("α"); plt.close(fig)
import matplotlib.pyplot as plt; df.plot.scatter("sales", "units"); plt.tight_layout(); plt.close("all")
import matplotlib.pyplot as plt; df["sales"].hist(bins=20); plt.xlabel("sales"); plt.close("all")
import matplotlib.pyplot as plt; fig = plt.figure(); fig.text(0.5, 0.5, r"$\alpha^2$"); fig.canvas.draw(); plt.close(fig)
import matplotlib.pyplot as plt; df.boxplot(column="sales", by="city"); plt.show(); plt.close("all")
from scipy import stats; stats.ttest_ind(df["sales"].dropna()[:50], df["sales"].dropna()[50:])
from scipy import stats; stats.linregress(df["units"], df["units"] * 2.0).slope
from scipy.optimize import minimize; minimize(lambda x: (x[0] - 1) ** 2, [0.0]).x
from scipy.cluster.hierarchy import linkage; linkage(df[["units"]].to_numpy()[:30]).shape
from sklearn.linear_model import LinearRegression as L; L().fit(df[["units"]], df["sales"].fillna(0)).coef_
from sklearn.ensemble import RandomForestRegressor as R; R(20, random_state=0).fit(df[["units"]], df["sales"].fillna(0)).score(df[["units"]], df["sales"].fillna(0))
from sklearn.ensemble import RandomForestClassifier as R; R(10, n_jobs=2, random_state=0).fit(df[["units"]], df["city"]).classes_
from sklearn.model_selection import cross_val_score as c; from sklearn.linear_model import Ridge; c(Ridge(), df[["units"]], df["sales"].fillna(0), cv=3, n_jobs=2)
from sklearn.model_selection import GridSearchCV as G; from sklearn.linear_model import Ridge; G(Ridge(), {"alpha": [0.1, 1]}, cv=2).fit(df[["units"]], df["sales"].fillna(0)).best_params_
from sklearn.cluster import KMeans; KMeans(2, n_init=2, random_state=0).fit_predict(df[["units"]]).sum() >= 0
from sklearn.pipeline import make_pipeline as m; from sklearn.preprocessing import StandardScaler; from sklearn.decomposition import PCA; m(StandardScaler(), PCA(1)).fit_transform(df[["units", "sales"]].fillna(0)).shape
from sklearn.datasets import load_iris; load_iris(as_frame=True).frame.shape
from sklearn.metrics import roc_auc_score as r; r([0, 1, 1, 0], [0.1, 0.8, 0.6, 0.4])
import statsmodels.formula.api as smf; smf.ols("sales ~ units", df).fit().rsquared
import statsmodels.api as sm; sm.OLS(df["sales"].fillna(0), sm.add_constant(df[["units"]])).fit().summary()
import seaborn as sns; sns.histplot(df, x="sales")
import polars as pl; pl.DataFrame({"a": [1, 1, 2], "b": [1, 2, 3]}).group_by("a").agg(pl.col("b").sum())
import asyncio; await asyncio.sleep(0)
def f(x): return x * 2
[x for x in range(1000) if x % 7 == 0][-1]
total = sum(row.units for row in df.itertuples()); total
"""
"""A line each."""

LIBRARIES_FIRST = r"""
import torch; torch.nn.Linear(2, 1)(torch.zeros(3, 2)).sum().item()
from joblib import Parallel, delayed; Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4))
from joblib import Parallel, delayed; Parallel(n_jobs=2, prefer="threads")(delayed(abs)(-n) for n in range(4))
import tempfile; tempfile.TemporaryDirectory().cleanup()
import tempfile; f = tempfile.NamedTemporaryFile("w"); f.write("x"); f.close()
import tempfile, pathlib; d = tempfile.TemporaryDirectory(); (pathlib.Path(d.name) / "a.txt").write_text("x"); d.cleanup()
import tempfile; tempfile.SpooledTemporaryFile(1).write(b"xx")
import platform; platform.platform()
import uuid; uuid.uuid1()
import ctypes.util; ctypes.util.find_library("m")
import threadpoolctl; threadpoolctl.threadpool_info()
import sqlite3; sqlite3.connect(":memory:").execute("select 1").fetchall()
import duckdb; duckdb.sql("select 1").fetchall()
import logging; logging.getLogger("x").warning("said")
import asyncio; asyncio.get_event_loop_policy()
import matplotlib.font_manager as m; m._load_fontmanager(try_read_cache=False)
import matplotlib.animation as a, matplotlib.pyplot as plt; a.FuncAnimation(plt.figure(), lambda n: [], frames=2).to_jshtml()
open("data.csv").read()
open("/dev/null", "w").write("x")
"""
"""What a person is asked about before, because it is not known to be harmless; nothing more is asked while it runs."""


def lines(table: str) -> list[str]:
    """The snippets of a table."""
    return [line for line in table.splitlines() if line.strip()]


def sales() -> pd.DataFrame:
    """The frame that the snippets are about."""
    random = np.random.default_rng(0)
    size = 120
    frame = pd.DataFrame(
        {
            "city": random.choice(["Rome", "Oslo", "Bern"], size),
            "product": random.choice(["a", "b"], size),
            "day": pd.date_range("2024-01-01", periods=size),
            "units": random.integers(1, 50, size),
            "sales": random.random(size) * 100,
        }
    )
    frame.loc[5:9, "sales"] = np.nan
    return frame
