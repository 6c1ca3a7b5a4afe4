"""Two real processes: what one keeps, another one restores, with other seeds, addresses and import orders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FIRST = """
import json, os, sys
from pathlib import Path
from harness.keeping import Told
from aether_nb.events.codec import encode

run = Told()
run.cell("import pandas as pd\\ndf = pd.DataFrame({'a': range(5), 's': list('vwxyz')})")
run.call("df['b'] = df.a * 2; total = int(df.b.sum())", seconds=3)
run.call("import numpy as np\\ngroups = {'odd': df[df.a % 2 == 1], 'names': {'x', 'y'}, 'm': np.eye(2)}")
run.call("def twice(v):\\n    return 2 * v\\nlater = twice(total)")
run.call("import os\\npid = [os.getpid()]")
run.park()
folder = Path(sys.argv[1])
for hash, data in run.blobs.kept.items():
    (folder / hash).write_bytes(data)
(folder / "log").write_text(json.dumps([[e.kind, e.version, encode(e).decode()] for e in run.events]))
print(json.dumps([*(run.kept(name).hash for name in ("df", "groups")), os.getpid()]))
"""
SECOND = """
import json, sys
from pathlib import Path
from harness.keeping import MemoryBlobs, Told
from aether_nb.events.codec import decode
from aether_nb.live.keeping import content_hash

folder = Path(sys.argv[1])
blobs = MemoryBlobs({path.name: path.read_bytes() for path in folder.iterdir() if path.name != "log"})
run = Told(blobs=blobs)
run.events = [decode(kind, version, text.encode()) for kind, version, text in json.loads((folder / "log").read_text())]
namespace, restored = run.restart("import pandas as pd\\ndf = pd.DataFrame({'a': range(5), 's': list('vwxyz')})")
print(json.dumps({
    "hashes": [content_hash(namespace["df"]), content_hash(namespace["groups"])],
    "pid": namespace["pid"], "later": namespace["later"], "twice": namespace["twice"](4),
    "loaded": sorted(restored.loaded), "remade": sorted(restored.remade),
    "gone": [one.name for one in restored.missing + restored.differs],
}))
"""


def process(code: str, seed: str, *arguments: str) -> object:
    """What a process of its own prints last, as JSON."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_what_one_process_kept_another_one_has(tmp_path):
    """Frames, nested data and functions come back with the same content in a process that never saw them."""
    *hashes, pid = process(FIRST, "1", str(tmp_path))
    found = process(SECOND, "2", str(tmp_path))
    assert found["hashes"] == hashes and found["gone"] == []
    assert (found["pid"], found["later"], found["twice"]) == ([pid], 40, 8)
    assert {"df", "total", "groups"} <= set(found["loaded"]) | set(found["remade"])
    assert "twice" in found["remade"] and "pid" in found["loaded"]


@pytest.mark.slow
def test_the_benchmark_runs():
    """With few rows, every row is printed and nothing is said on the side."""
    command = [sys.executable, str(TESTS / "benchmarks" / "keeping.py"), "--rows", "20000", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stderr, len(done.stdout.splitlines())) == ("", 13)
