"""What an open house costs: hundreds of registered tools, several servers at once, and what is imported before its use.

    python tests/benchmarks/house.py
    python tests/benchmarks/house.py --only tools --rounds 50

``tools``: what a run pays more for 500 registered tools than without (CPU, gathering, freezing and telling them; the
least of the rounds), and how many tokens more a model is told (a token is four characters here). ``servers``: five
servers that take 0.2 to 1.0 seconds to come, together and the slowest alone (wall; the least of the rounds). ``call``:
the seconds that a first call waits for the checker of structured answers when a model has thought for two seconds, and
what importing it takes. ``imports``: modules that are there although nothing of it was used. Targets stand beside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))

MANY = 500
MOST_MS, MOST_TOKENS, MOST_SLOWER = 2.0, 3000, 1.25
HEAVY = ("mcp", "jsonschema", "lancedb", "pandas", "argcomplete", "psycopg")
STARTS = (0.2, 0.4, 0.6, 0.8, 1.0)


def tools(rounds: int) -> None:
    """500 registered tools."""
    from aether_nb import registry
    from aether_nb.agent.offering import frozen, offered
    from aether_nb.agent.resuming import versions
    from aether_nb.events.state import RunState
    from aether_nb.tools.function import declare
    from aether_nb.tools.toolbox import toolbox

    def act(account: str, amount: float = 1.0) -> str:
        """Do something with an account, and write it down where the others look for it.

        Args:
            account: Whose it is.
            amount: How much of it.
        """
        return f"{account}: {amount}"

    def run() -> tuple[float, int]:
        began = time.process_time()
        there = toolbox({})
        versions(frozen(there))
        told = [tool.spec for tool in offered(there, RunState()).values()]
        spent = time.process_time() - began
        return spent * 1000, sum(len(json.dumps([s.name, s.description, s.parameters])) for s in told) // 4

    def least() -> tuple[float, int]:
        figures = [run() for _ in range(rounds)]
        return min(spent for spent, _ in figures), figures[-1][1]

    before = least()
    for number in range(MANY):
        registry.register("tool", f"act_{number}", declare(name=f"act_{number}", risk="low")(act))
    first = run()[0]
    after = least()
    print(f"tools    {MANY} registered: {after[0] - before[0]:.2f} ms more a run (target {MOST_MS:g}), "
          f"{after[1] - before[1]} tokens more (target {MOST_TOKENS}); the first run {first:.0f} ms")  # fmt: skip


def servers(rounds: int) -> None:
    """Five servers together against the slowest alone."""
    from aether_nb.tools.agreeing.agreed import Agreements
    from aether_nb.tools.mcp.places import Places
    from aether_nb.tools.mcp.servers import Servers
    from harness.servers import ODD, around

    def entry(seconds: float) -> dict[str, object]:
        code = f"import time, runpy; time.sleep({seconds}); runpy.run_path({str(ODD)!r}, run_name='__main__')"
        return {"command": sys.executable, "args": ["-S", "-c", code]}

    async def connected(folder: Path, starts: tuple[float, ...]) -> float:
        entries = {f"s{number}": entry(seconds) for number, seconds in enumerate(starts)}
        (folder / ".mcp.json").write_text(json.dumps({"mcpServers": entries}))
        places = Places(folder, folder / "mcp")
        there = Servers(lambda: places, Agreements(folder / "own", folder), lambda: around(folder))
        for name in entries:
            there.agreements.say(there.named(name), "on")
        began = time.perf_counter()
        await there.ready()
        spent = time.perf_counter() - began
        states = [row.state for row in there.rows()]
        await there.aclose()
        assert states == ["ready"] * len(starts), states
        return spent

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(connected(folder, (0.0,)))  # the SDK is imported
        pairs = [
            (asyncio.run(connected(folder, STARTS)), asyncio.run(connected(folder, STARTS[-1:]))) for _ in range(rounds)
        ]
    every, slowest = min(a for a, _ in pairs), min(b for _, b in pairs)
    print(f"servers  {len(STARTS)} together {every:.2f} s, the slowest alone {slowest:.2f} s: "
          f"{every / slowest:.2f} (target {MOST_SLOWER:g})")  # fmt: skip


def call(rounds: int) -> None:
    """What a first call waits for."""
    from aether_nb.tools.mcp import checking

    async def waited() -> float:
        checking.ahead([SimpleNamespace(output_schema={"type": "object"})])
        await asyncio.sleep(2)
        began = time.perf_counter()
        await checking.there()
        return time.perf_counter() - began

    code = "import time; began = time.process_time(); import jsonschema; print(time.process_time() - began)"
    alone = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    print(f"call     waits {asyncio.run(waited()):.2f} s for the checker, whose import takes {alone:.2f} s of CPU")


def imports(rounds: int) -> None:
    """What is imported though nothing was used."""
    code = (
        "import sys, aether_nb\nfrom aether_nb import register\nfrom aether_nb.tools.toolbox import toolbox\n"
        f"toolbox({{}})\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"imports  before their use: {done.stdout.strip() or 'none'} of {', '.join(HEAVY)} (target none)")


PARTS: dict[str, Callable[[int], None]] = {"tools": tools, "servers": servers, "call": call, "imports": imports}


def main() -> None:
    """Measure, and print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name, part in PARTS.items():
        if options.only in (None, name):
            part(options.rounds)


if __name__ == "__main__":
    main()
