"""What touches the user's own things: variables that are changed, code of theirs that is called, files here."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

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


@pytest.mark.parametrize(("code", "words"), MEDIUM)
def test_what_touches_the_users_things_is_medium(code: str, words: str) -> None:
    """What changes the user's variables, calls their code or touches files here is asked, with the reason in words."""
    found = read(code, notebook())
    assert found.risk == "medium", found.reasons
    assert words in "\n".join(found.reasons)


@pytest.mark.parametrize(
    "value", [zip([1], strict=True), map(str, [1]), enumerate("ab"), iter([1, 2]), (n for n in [1])]
)
def test_what_can_be_gone_through_only_once_is_used_up(value: object) -> None:
    """Reading it takes it away from the user, and nothing brings it back."""
    reading = read("list(once)", {"once": value}, frozenset())
    assert reading.risk == "medium"
    assert any(reason.startswith("uses up your") and reason.endswith("once") for reason in reading.reasons)
