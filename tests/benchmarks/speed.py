"""What an agent's core costs: ours against a bare httpx loop that does the same work, in the same run.

    python tests/benchmarks/speed.py
    python tests/benchmarks/speed.py --workload W2 --workload W3 --rounds 5
    python tests/benchmarks/speed.py --peer pydantic-ai=/env/bin/python --peer langgraph=/other/bin/python
    python tests/benchmarks/speed.py --wire anthropic

A scripted model server runs on loopback, each contender in a long-lived process of its own, and they take turns. First
everybody's work is verified: the number of tool calls, the final text, and what the server saw in each request; who
does it wrong drops out and is named. Then the rounds are measured. The figure is CPU time (wall time for W4 and W6) as
a ratio to the floor of the same round: the median, with its quartiles. The targets stand beside; nothing is asserted.
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from workloads import DURABLE_MORE, FIRST_TARGET, PEAK_TARGET, SLOPE_TARGET, WORKLOADS, Workload, pieces

HERE = Path(__file__).parent
FLOOR = "floor"
OURS = ("model", "stack", "aether", "durable")
PATIENCE = 120
"""Seconds that one measurement may take."""

Told = dict[str, Any]


class Worker:
    """A process in which one contender works."""

    def __init__(self, name: str, python: str, file: str) -> None:
        self.name, self._command = name, [python, str(HERE / file)]
        self._process: subprocess.Popen[str] | None = None

    def do(self, job: Told, *, cold: bool = False) -> Told:
        """What a job came to; ``cold``: in a process of its own, whose whole life is the wall time."""
        line = json.dumps(job | {"variant": self.name})
        if cold:
            compileall.compile_dir(HERE.parents[1] / "aether_nb", quiet=2)  # as a package is that was installed
            begun = time.perf_counter()
            done = subprocess.run([*self._command, line], capture_output=True, text=True, timeout=PATIENCE, check=False)
            wall = time.perf_counter() - begun
            return self._read(done.stdout) | {"wall": wall}
        if self._process is None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read(self._process.stdout.readline())

    def _read(self, line: str) -> Told:
        told: Told = json.loads(line) if line else {"error": f"the process of {self.name} ended; run it by hand"}
        return told

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate(timeout=PATIENCE)


class Server:
    """The scripted model server, from outside."""

    def __init__(self, port: int) -> None:
        self.address, self._numbers = f"http://127.0.0.1:{port}", count()

    def session(self) -> str:
        """A new session's name."""
        return f"n{next(self._numbers)}"

    def spent(self) -> float:
        """Its CPU seconds so far."""
        return float(self.stats("")["cpu"])

    def idle(self) -> float:
        """The CPU seconds that asking for them takes."""
        before = self.spent()
        return self.spent() - before

    def stats(self, session: str) -> Told:
        """What happened in a session; it is forgotten then."""
        with urllib.request.urlopen(f"{self.address}/stats/{session}", timeout=PATIENCE) as response:
            told: Told = json.load(response)
            return told


@contextmanager
def serving() -> Iterator[Server]:
    """The server, as long as it is needed."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Server(int(process.stdout.readline()))
        process.communicate(timeout=PATIENCE)


@dataclass
class Measured:
    """What one contender's rounds of one workload came to."""

    rounds: list[Told] = field(default_factory=list)
    gap: float = 0.0
    server: float = 0.0

    def values(self, name: str) -> list[float]:
        """One figure, by round."""
        return [told[name] for told in self.rounds]

    def median(self, name: str) -> float:
        """The median of a figure."""
        return statistics.median(self.values(name))


@dataclass
class Bench:
    """One run of this command."""

    server: Server
    workers: list[Worker]
    wire: str
    prompts: Iterator[int] = field(default_factory=count)
    wrong: list[str] = field(default_factory=list)

    def measure(self, workload: Workload) -> dict[str, Measured]:
        """Everybody's rounds, in turn; who does other work than the script is left out."""
        able = [worker for worker in self.workers if self._verified(worker, workload)]
        sessions = {worker.name: self.server.session() for worker in able}
        jobs = {name: self._job(workload, session) for name, session in sessions.items()}
        found = {worker.name: Measured() for worker in able}
        idle = min(self.server.idle() for _ in range(5))
        for number in range(0 if workload.cold else -1, workload.rounds):  # one before the first warms
            for worker in able:
                job = jobs[worker.name] | {"prompt": f"Add the numbers ({next(self.prompts)})."}
                before = self.server.spent()
                told = worker.do(job, cold=workload.cold)
                if problem := self._problem(told, workload):
                    raise RuntimeError(f"{worker.name} in {workload.name}: {problem}")
                if number >= 0:
                    found[worker.name].rounds.append(told)
                    found[worker.name].server += self.server.spent() - before - idle
        for name, session in sessions.items():
            gaps = self.server.stats(session)["gaps"]
            found[name].gap = statistics.median(gaps) if gaps else 0.0
        return found

    def _verified(self, worker: Worker, workload: Workload) -> bool:
        """Whether the worker does exactly the work: its calls, its text, and each of its requests."""
        session = self.server.session()
        job = self._job(workload, session, verify=True) | {"prompt": "Add the numbers."}
        problem = self._problem(worker.do(job, cold=workload.cold), workload)
        seen = self.server.stats(session)
        if not problem and seen["requests"] != workload.requests:
            problem = f"{seen['requests']} requests instead of {workload.requests}"
        problem = problem or next(iter(seen["failures"]), "")
        if problem:
            self.wrong.append(f"{worker.name} drops out of {workload.name}: {problem}")
        return not problem

    def _job(self, workload: Workload, session: str, verify: bool = False) -> Told:
        url = self.server.address + workload.path(session, verify)
        return {"url": url, "wire": self.wire, "workload": workload.plain()}

    def _problem(self, told: Told, workload: Workload) -> str:
        """What is wrong with what a worker came to."""
        if "error" in told:
            return str(told["error"])
        if told["calls"] != workload.made:
            return f"{told['calls']} tool calls instead of {workload.made}"
        return "" if told["text"] == "".join(pieces(workload.tokens)) else "another final text"


# ---- the table

COLUMNS = f"{'workload':<9}{'who':<13}{'ratio':>7}  {'quartiles':<14}{'absolute':>14}{'gap':>10}  {'target':<12}{'met'}"


def row(workload: str, who: str, ratio: str, quartiles: str, absolute: str, gap: str, target: str, met: str) -> str:
    """One line of the table."""
    return f"{workload:<9}{who:<13}{ratio:>7}  {quartiles:<14}{absolute:>14}{gap:>10}  {target:<12}{met}".rstrip()


def absolute(workload: Workload, measured: Measured) -> str:
    """The figure in a unit that tells something."""
    seconds = measured.median(workload.figure)
    if workload.figure == "wall":
        return f"{seconds * 1e3:.1f} ms"
    if workload.tokens > 5:
        return f"{seconds * 1e6 / workload.tokens:.1f} µs/token"
    return f"{seconds * 1e3 / workload.requests:.3f} ms/req"


def rows(workload: Workload, found: dict[str, Measured]) -> Iterator[str]:
    """The lines of one workload."""
    floor = found.get(FLOOR)
    if floor is None:
        return
    for who, measured in found.items():
        ours = who in OURS
        pairs = zip(measured.values(workload.figure), floor.values(workload.figure), strict=True)
        ratios = sorted(value / least for value, least in pairs)
        ratio, cut = statistics.median(ratios), statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        gap = f"{measured.gap * 1e3:.2f} ms" if measured.gap else ""
        most = workload.target + (DURABLE_MORE if who == "durable" else 0.0)
        target, met = (f"≤ {most:g}", _met(ratio <= most)) if ours else ("", "")
        around = f"{cut[0]:.2f}-{cut[-1]:.2f}"
        yield row(workload.name, who, f"{ratio:.2f}", around, absolute(workload, measured), gap, target, met)
        if workload.stream and not workload.turns and not workload.delay:
            first, least = measured.median("first") * 1e3, floor.median("first") * 1e3
            target, met = (f"≤ +{FIRST_TARGET:g} ms", _met(first - least <= FIRST_TARGET)) if ours else ("", "")
            yield row(workload.name, who, f"{first - least:+.2f}", "first token", f"{first:.2f} ms", "", target, met)
        if workload.cold:
            peak = measured.median("peak")
            target, met = (f"≤ {PEAK_TARGET:g} MB", _met(peak <= PEAK_TARGET)) if ours else ("", "")
            yield row(
                workload.name, who, f"{peak / floor.median('peak'):.2f}", "peak", f"{peak:.1f} MB", "", target, met
            )
    spent = floor.server / max(sum(floor.values("cpu")), 1e-9)
    yield f"{workload.name:<9}{'server':<13}{spent:>7.2f}  of the floor's own CPU"


def slopes(few: tuple[Workload, dict[str, Measured]], many: tuple[Workload, dict[str, Measured]]) -> Iterator[str]:
    """How much dearer a request gets with each turn before it: the histories of W3 against those of W2."""
    (short, shorter), (long, longer) = few, many
    for who in longer:
        if who in shorter and (turns := (long.turns - short.turns) / 2):
            each = longer[who].median("cpu") / long.requests - shorter[who].median("cpu") / short.requests
            slope = each / turns * 1e6
            target, met = (f"≤ {SLOPE_TARGET:g} µs", _met(slope <= SLOPE_TARGET)) if who in OURS else ("", "")
            yield row("slope", who, "", "", f"{slope:.1f} µs/turn", "", target, met)


def _met(met: bool) -> str:
    return "yes" if met else "NO"


# ---- the command


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--rounds", type=int, help="how often each is measured")
    parser.add_argument("--of", action="append", choices=OURS, help="only this variant of ours; may be repeated")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="a framework beside ours")
    parser.add_argument("--wire", choices=("openai", "anthropic"), default="openai", help="the format that is spoken")
    parser.add_argument("--scale", type=float, default=1.0, help="fewer turns and tokens, for a trial")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether all of ours did the work."""
    said = arguments(argv)
    chosen = [workload for workload in WORKLOADS if not said.workload or workload.name in said.workload]
    workers = [Worker(FLOOR, sys.executable, "floor.py")]
    workers += [Worker(name, sys.executable, "ours.py") for name in OURS if not said.of or name in said.of]
    for peer in said.peer:
        name, _, python = peer.partition("=")
        workers.append(Worker(name, python, "peers.py"))
    measured: dict[str, tuple[Workload, dict[str, Measured]]] = {}
    print(COLUMNS)
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(serving()), workers, said.wire)
        for worker in workers:
            stack.callback(worker.close)
        for workload in chosen:
            work = workload.scaled(said.scale).with_rounds(said.rounds)
            measured[work.name] = work, bench.measure(work)
            print(*rows(*measured[work.name]), sep="\n", flush=True)
    if "W2" in measured and "W3" in measured:
        print(*slopes(measured["W2"], measured["W3"]), sep="\n")
    print(*bench.wrong, sep="\n", end="\n" if bench.wrong else "")
    return int(any(wrong.startswith(OURS) for wrong in bench.wrong))


if __name__ == "__main__":
    sys.exit(main())
