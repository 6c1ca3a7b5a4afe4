"""What loading costs: CPU of %load_ext and of the first question until its first paint, in fresh kernels.

    python tests/benchmarks/first_cell.py

The floor of the same run is the import of all packages that the project is made with, in a fresh kernel. Prints
milliseconds of CPU (median of the rounds) and their ratio to the floor. Nothing is asserted.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.kernel import Kernel

ROUNDS = 5

WATCH = """
import time
ip = get_ipython()
cpu = time.process_time
marks = {}
publish = ip.display_pub.publish
def first(*args, **more):
    marks.setdefault("painted", cpu())
    return publish(*args, **more)
ip.display_pub.publish = first
ip.events.register("pre_run_cell", lambda info: marks.setdefault("asked", cpu()) if "%%aether" in info.raw_cell else 0)
begun = cpu()
ip.run_line_magic("load_ext", "aether_nb")
print("\\nLOAD", (cpu() - begun) * 1000)
"""
PAINT = 'print("\\nPAINT", (marks["painted"] - marks["asked"]) * 1000)'
FLOOR = """
import time
begun = time.process_time()
import ipywidgets, httpx, pydantic, lancedb, nest_asyncio, anywidget
print("\\nFLOOR", (time.process_time() - begun) * 1000)
"""


def figure(text: str, name: str) -> float:
    """The figure that a kernel printed under this name."""
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))


def main() -> None:
    """Measure, and print a table."""
    seen: dict[str, list[float]] = {"LOAD": [], "PAINT": [], "FLOOR": []}
    for _ in range(ROUNDS):
        with Kernel(Path(sys.executable)) as kernel:
            seen["LOAD"].append(figure(kernel.run(WATCH).text(), "LOAD"))
            kernel.run("%%aether\nHow many rows?")
            seen["PAINT"].append(figure(kernel.run(PAINT).text(), "PAINT"))
        with Kernel(Path(sys.executable)) as kernel:
            seen["FLOOR"].append(figure(kernel.run(FLOOR).text(), "FLOOR"))
    floor = statistics.median(seen["FLOOR"])
    print(f"{'what':<28} {'ms of CPU':>10} {'of the floor':>13}")
    for name, what in (("LOAD", "%load_ext"), ("PAINT", "first question to paint"), ("FLOOR", "all packages at once")):
        found = statistics.median(seen[name])
        print(f"{what:<28} {found:>10.1f} {found / floor:>13.3f}")


if __name__ == "__main__":
    main()
