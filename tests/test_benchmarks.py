"""The benchmarks themselves: everybody does the same work, every figure is printed, and a wrong worker is caught."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from harness.mainthread import SPAN, over, tasks

BENCHMARKS = Path(__file__).parent / "benchmarks"
OURS = ("model", "stack", "aether", "durable")
STREAMED = ("W1", "W5", "W5t")
ALL = ("W0", "W1", "W2", "W2t", "W2a", "W2s", "W3", "W4", "W4a", "W5", "W5t", "W5d", "W6")


def speed(*arguments):
    """The lines that the command prints, in words, and its exit code."""
    command = [sys.executable, str(BENCHMARKS / "speed.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return [line.split() for line in done.stdout.splitlines()], done.returncode


@pytest.fixture
def server():
    """A running model server's address."""
    command = [sys.executable, str(BENCHMARKS / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate(timeout=30)


def told(address, body=None):
    """What the server answers, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data), timeout=30) as response:
        return json.load(response)


@pytest.mark.full
def test_every_row_is_printed_and_nobody_does_other_work():
    """With tiny sizes each workload has a row for the floor and for each of ours, and nobody drops out."""
    lines, code = speed("--scale", "0.02", "--rounds", "1")
    expected = [
        (workload, who)
        for workload in ALL
        for who in ("floor", *OURS)
        for _ in range(2 if workload in (*STREAMED, "W6") else 1)
    ]
    expected += [("slope", who) for who in ("floor", *OURS)]
    rows = [(line[0], line[1]) for line in lines[1:] if line[1] != "server"]
    assert (sorted(rows), code) == (sorted(expected), 0)


def test_the_other_format_is_measured_too():
    """In Anthropic's format the verified work is the same: every contender stays in."""
    small = ("--scale", "0.1", "--rounds", "1", "--workload", "W2", "--workload", "W2s")
    lines, code = speed("--wire", "anthropic", *small)
    rows = [(line[0], line[1]) for line in lines[1:] if line[1] != "server"]
    assert (rows, code) == ([(workload, who) for workload in ("W2", "W2s") for who in ("floor", *OURS)], 0)


def test_a_wrong_request_is_noticed_when_it_is_verified(server):
    """A request without the tool result that belongs into it is told as a failure, and a right one is not."""
    path = f"{server}/s/one/t1-p1-f2-d0-o1-v1/v1/chat/completions"
    offer = {"tools": [{"type": "function", "function": {"name": "add"}}]}
    asked = {"role": "user", "content": "Add."}
    reply = told(path, {"messages": [asked]} | offer)["choices"][0]["message"]
    answer = told(path, {"messages": [asked, reply]} | offer)["choices"][0]["message"]["content"]
    failures = ["request 1: the tool results are {}, not {'call_0000_0000': '0'}"]
    told(path, {"messages": [asked]} | offer)
    result = {"role": "tool", "tool_call_id": reply["tool_calls"][0]["id"], "content": "0"}
    told(path, {"messages": [asked, reply, result]} | offer)
    stats = told(f"{server}/stats/one")
    assert (answer, stats["requests"], stats["failures"]) == ("word0 word1 ", 4, failures)


def test_what_telling_changes_costs_is_flat_in_rows():
    """500 variables before and after a call: a hundred times as many rows cost hardly more."""
    command = [sys.executable, str(BENCHMARKS / "changes.py"), "--rounds", "3", "--rows", "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert float(lines[2].split()[-1]) < 3


@pytest.mark.full
def test_the_cost_of_the_guard_is_measured_for_every_workload():
    """Each workload has its events and two ratios, and code that makes no event costs next to nothing more."""
    command = [sys.executable, str(BENCHMARKS / "guard.py"), "--rounds", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[2:]}
    assert list(rows) == ["groupby", "loop", "imports", "reads"], done.stderr
    assert all(float(row[-1].rstrip("%")) < 3 for row in rows.values())
    assert rows["loop"][0] == "0"


def known(*arguments):
    """What the benchmark of knowledge prints, a line a figure, and its exit code."""
    command = [sys.executable, str(BENCHMARKS / "knowledge.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.stderr == ""
    return [line.split()[0].rstrip(",") for line in done.stdout.splitlines()], done.returncode


def test_keeping_and_finding_are_measured():
    """With few rows every figure is there, nothing is written to stderr, and no target is judged."""
    assert known("--scale", "0.01", "--rounds", "1") == (["import", "again", "search", "search"], 0)


@pytest.mark.full
def test_keeping_and_finding_are_as_fast_as_they_are_to_be():
    """With all rows the targets hold: 10,000 chunks in, 13,000 files again, 100,000 chunks searched."""
    assert known("--rounds", "5")[1] == 0


def test_tasks_of_the_main_thread_are_told_apart():
    """A task in which the script ran is ours, and so is the next frame; the time is the thread's, not the clock's."""
    main, trace = {"pid": 1, "tid": 1, "ph": "X"}, []
    for begin, frame in ((0, True), (100, False), (200, False), (300, True), (400, True)):
        trace.append(main | {"name": "ThreadControllerImpl::RunTask", "ts": begin, "dur": 80, "tdur": 40_000})
        trace += [main | {"name": "Layerize", "ts": begin + 50, "dur": 5, "tdur": 5}] if frame else []
    trace.append(main | {"name": "FunctionCall", "ts": 110, "dur": 60, "tdur": 60})
    for first, last in ((110, 150), (120, 130)):  # one span lies in the other
        trace.append(main | {"name": SPAN, "ph": "b", "ts": first, "args": {"callTime": last}})
    trace.append(main | {"name": "ThreadControllerImpl::RunTask", "ts": 0, "dur": 9, "tdur": 9, "tid": 2})
    found = tasks(json.dumps({"traceEvents": trace}).encode())
    assert [(one.ours, one.frame, one.script) for one in found] == [
        (False, True, 0),
        (True, False, 20),
        (False, False, 0),
        (True, True, 0),
        (False, True, 0),
    ]
    assert {one.cpu for one in found} == {40} and {one.wall for one in found} == {0.08} and over(found) == 0


def house(*arguments):
    """The figures of the open house: what each line prints, by its first word."""
    command = [sys.executable, str(BENCHMARKS / "house.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return {line.split()[0]: line for line in done.stdout.splitlines()}


def test_many_registered_tools_cost_next_to_nothing(figure):
    """500 of them: at most 3,000 tokens more; what they cost a run in time is told."""
    line = house("--only", "tools", "--rounds", "30")["tools"]
    spent, tokens = re.search(r"([\d.]+) ms more .* (\d+) tokens more", line).groups()
    figure("500 registered tools", f"{spent} ms more a run, {tokens} tokens more")
    assert int(tokens) <= 3000, line


def test_nothing_of_it_is_imported_before_it_is_used():
    """Gathering the tools of a run loads no SDK, no index and no checker."""
    assert "before their use: none of" in house("--only", "imports")["imports"]


@pytest.mark.full
def test_several_servers_come_as_fast_as_the_slowest():
    """Five together take no longer than the slowest alone takes; a call hardly waits for what checks it."""
    lines = house("--rounds", "5")
    assert float(re.search(r"alone [\d.]+ s: ([\d.]+)", lines["servers"])[1]) <= 1.25, lines["servers"]
    assert "waits" in lines["call"]


def test_reading_a_run_again_is_measured_beside_its_floor():
    """Both read the same events to the same state, and the line says what each took and their ratio."""
    command = [sys.executable, str(BENCHMARKS / "resuming.py"), "--events", "60", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert re.fullmatch(
        r" +61 events  floor +[\d.]+ ms  ours +[\d.]+ ms  ratio [\d.]+  in a kernel +[\d.]+ ms  ratio [\d.]+\n",
        done.stdout,
    )
