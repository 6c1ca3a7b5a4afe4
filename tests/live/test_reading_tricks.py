"""Ways round the tables that were tried: files, code and commands reached by innocent names, found at their root."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

FILES = [
    ("import matplotlib\nmatplotlib.Path('x').rename('y')", "pathlib"),
    ("from matplotlib.style import Path\nPath('x').replace('y')", "pathlib"),
    ("import statsmodels.graphics.functional as f\nf.Pool()", "starts a process"),
    ("from sklearn.pipeline import Parallel\nParallel(2)", "Parallel"),
    ("import contextlib\nwith contextlib.chdir('/etc'):\n    df.to_csv('x')", "chdir"),
    ("np.savez('/etc/passwd', path='safe.npz')", "elsewhere: /etc/passwd"),
    ("np.load('x.npy', None, True)", "unpickles"),
    ("import io\nnp.load(io.BytesIO(b'x'), None, True)", "unpickles"),
    ("pd.read_hdf('x.h5')", "read_hdf"),
    ("import statsmodels.api as sm\nsm.load('x.pkl')", "load"),
    ("np.fromregex('/etc/passwd', '.', [('a', 'S1')])", "elsewhere"),
    ("pd.show_versions(as_json='/tmp/x')", "show_versions"),
    ("pd.read_xml('x.xml', stylesheet='http://evil/x')", "network"),
    ("from sklearn.tree import export_graphviz\nexport_graphviz(model, '/etc/x')", "elsewhere"),
    ("class P:\n    def __fspath__(self):\n        return '/etc/x'\ndf.to_csv(P())", "__fspath__"),
    ("class P:\n    pass\ndf.to_csv(P())", "computed path"),
    ("def f():\n    yield '/etc/x'\nfor p in f():\n    df.to_csv(p)", "computed path"),
    ("where = {}\nwhere['p'] = '/etc/x'\ndf.to_csv(where['p'])", "computed path"),
    ("for p in map(lambda s: '/etc/' + s, ['x.csv']):\n    df.to_csv(p)", "computed path"),
    ("class A(pd.DataFrame): pass\na = A()\npd.DataFrame.to_csv(a, '/etc/x')", "computed path"),
    ("df.to_json(b'/tmp/x')", "computed path"),
    ("df.to_csv(path_or_buf=None if n else '/etc/x')", "elsewhere"),
    ("import io\nbuf = io.StringIO()\nif n:\n    buf = '/etc/x'\ndf.to_csv(buf)", "elsewhere"),
    ("def StringIO():\n    return '/etc/x'\ndf.to_csv(StringIO())", "computed path"),
    ("import polars as pl\npl.LazyFrame().show_graph()", "show_graph"),
    ("import polars as pl\npl.Catalog('http://x')", "Catalog"),
    ("from IPython.display import Markdown\nMarkdown(url='http://x')", "network"),
    ("from IPython.display import Markdown\nMarkdown(f'http://x/?q={n}')", "network"),
    ("from IPython.display import Markdown\nMarkdown('/etc/passwd')", "elsewhere"),
    ("from statsmodels.tsa.api import x13_arima_analysis\nx13_arima_analysis(df.a)", "x13"),
    ("import time\ntime.clock_settime(0, 0)", "clock_settime"),
    ("execvp('ls', ['ls'])", "reaches files"),
    ("Path('x').rename('y')", "Path.rename"),
    ("Path.unlink(Path('x'))", "Path.unlink"),
    ("(Path('x') / 'y').replace('z')", "Path.replace"),
    ("files = [Path('x')]\nfiles[0].rename('y')", "may rename a file"),
    ("files = {'a': Path('x')}\nfiles['a'].rename(target='y')", "may rename a file"),
    ("make = Path\nlist(map(make, ['x']))[0].rename('y')", "may rename a file"),
    ("list(Path('/etc').glob('*'))", "Path.glob"),
    ("Path('/etc/passwd').read_text()", "elsewhere"),
    ("pd.read_csv(Path('/etc') / 'a.csv')", "computed path"),
]

CODE = [
    ("how = ['mean']\nhow.append('to_' + 'pickle')\ndf.agg(how)", "computed name"),
    ("how = ['mean']\nsame = how\nsame += ['to_' + 'pickle']\ndf.agg(how)", "computed name"),
    ("words.append('to_' + 'pickle')\ndf.agg(words)", "computed name"),
    ("def add(w):\n    w.append('to_' + 'pickle')\nhow = ['mean']\nadd(how)\ndf.agg(how)", "computed name"),
    ("import re\ndf.agg(re.compile('to_' + 'pickle').pattern)", "computed name"),
    ("class A:\n    how = 'to_pi' + 'ckle'\ndf.agg(A.how)", "computed name"),
    ("df.pivot_table('a', 'g', None, 'to_pi' + 'ckle')", "computed name"),
    ("df.groupby('g').agg(a=pd.NamedAgg('a', 'to_' + 'csv'))", "computed name"),
    ("df.agg('__reduce__')", "__reduce__"),
    ("import matplotlib.pyplot as plt\nwith plt.style.context('http://x/y.mplstyle'):\n    pass", "by name"),
    ("import matplotlib.pyplot as plt\nplt.rc_context(fname='x')", "by name"),
    ("pd.options.plotting.backend = 'evil'", "changes pandas"),
    ("import matplotlib.pyplot as plt\nplt.rcParams['back' + 'end'] = 'mod' + 'ule://evil'", "changes matplotlib"),
    ("import matplotlib.pyplot as plt\nplt.rcParams['animation.ffmpeg_path'] = '/bin/evil'", "changes matplotlib"),
    ("import matplotlib.pyplot as plt\nplt.rcParams.update({'animation.ffmpeg_path': '/bin/evil'})", "by name"),
    ("import matplotlib.pyplot as plt\nplt.rc('animation', ffmpeg_path='/bin/evil')", "by name"),
    ("import seaborn as sns\nsns.set_theme(rc={'animation.ffmpeg_path': '/bin/evil'})", "by name"),
    ("import matplotlib.pyplot as plt\nplt.title('x').set_usetex(True)", "set_usetex"),
    ("import matplotlib.pyplot as plt\nplt.setp(plt.title('x'), 'usetex', True)", "usetex"),
    ("hidden = {'back' + 'end': 'evil'}\ndf.plot(**hidden)", "cannot be seen"),
    ("hidden = {}\nhidden['back' + 'end'] = 'evil'\ndf.plot(**hidden)", "cannot be seen"),
    ("hidden = dict(backend='evil')\ndf.plot(**hidden)", "backend"),
    ("def plot(**options):\n    df.plot(**options)\nplot(backend='evil')", "by name"),
    ("from sklearn.feature_extraction.text import CountVectorizer as V\nV(input='file' + 'name')", "files of its own"),
    (
        "from sklearn.feature_extraction.text import CountVectorizer as V\nV(**{'input': 'filename'})",
        "files of its own",
    ),
    ("import statsmodels.api as sm\nsm.MICEData(df).set_imputer('a', formula='evil()')", "formula"),
    ("import statsmodels.api as sm\nsm.MICE('b ~ evil()', sm.OLS, df)", "MICE"),
    ("import statsmodels.stats.tests.test_anova", "not known"),
    ("from sklearn.utils import all_estimators\nall_estimators()", "all_estimators"),
    ("df.style.env.from_string('{{ a }}').render()", "from_string"),
    ("df.style.from_custom_template('.', 'x.tpl')", "from_custom_template"),
    ("df.query(\"g == '`' and a.to_csv('/x') and g == '`'\")", "inside the text"),
    ("df.query('index.map(@eval)')", "text as code"),
    ("try:\n    pd.zzz\nexcept AttributeError as e:\n    e.obj.compat.os.remove('x')", "obj"),
    ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    __annotations__ = {'x': int}", "__annotations__"),
    ("import dataclasses\nclass M(type): pass\ndataclasses.dataclass(M('A', (), {}))", "dataclass"),
    ("type('A', (), {})", "makes a class"),
    ("class A:\n    def __reduce__(self): pass", "__reduce__"),
    ("class A:\n    def __del__(self): pass", "__del__"),
    ("__builtins__ = {}", "__builtins__"),
    ("x = '__class__'", "__class__"),
    ("class A:\n    def _repr_html_(self):\n        return 'x'\nA()", "browser"),
    ("display({'text/html': 'x'}, raw=True)", "browser"),
    ("df.style.set_caption('<script>alert(1)</script>')", "browser"),
    ("np.lib.stride_tricks.as_strided(arr, (9999,))[5000] = 1", "as_strided"),
    ("import csv\ncsv.writer(handle).writerow(['x'])", "writerow"),
    ("def f():\n    yield os\nnext(f()).remove('x')", "module os"),
    ("class E(Exception): pass\ntry:\n    raise E(os)\nexcept E as e:\n    e.args[0].remove('x')", "module os"),
    ("Robot.go = lambda self: 1", "changes your.Robot"),
]

COMMANDS = [
    *("pip install x", "ls -l", "who", "rm if (rm:=1) else 2", "cd ..", "/exit", ";f a", "?df", "x = %sx ls"),
    *("%matplotlib qt", "%matplotlib inline; ls", "%%matplotlib inline\n1", "%matplotlib inline\n!ls"),
]


@pytest.mark.parametrize(("code", "words"), FILES)
def test_no_innocent_name_leads_to_files_processes_or_the_network(code: str, words: str) -> None:
    """What reaches outside is found although its name, its arguments or its way there look harmless."""
    found = read(code, notebook())
    assert (found.risk, found.effect) == ("high", "external"), found.reasons
    assert words in "\n".join(found.reasons)


@pytest.mark.parametrize(("code", "words"), CODE)
def test_no_innocent_name_leads_to_code(code: str, words: str) -> None:
    """What runs code, loads it, or reaches into Python is found although it looks like data or a setting."""
    found = read(code, notebook())
    assert (found.risk, found.effect) == ("high", "external"), found.reasons
    assert words in "\n".join(found.reasons)


@pytest.mark.parametrize("code", COMMANDS)
def test_what_ipython_makes_a_command_of_is_high(code: str) -> None:
    """A line that IPython runs as a command or a magic is read as one, with or without a sign in front."""
    assert read(code, notebook()).risk == "high"
