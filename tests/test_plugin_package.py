"""A package is built, installed and used: what it brings is there in real processes; a broken one is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aether_nb.plugins import HOMES
from harness.provider import provider

PACKAGE = Path(__file__).with_name("plugin_package")
BROKEN = {
    "broken_till-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: broken-till\nVersion: 0.1\n",
    "broken_till-0.1.dist-info/entry_points.txt": "[aether_nb]\ntill = broken_till:plug\n",
    "broken_till.py": """
def plug(house):
    house.register("tool", "gross", lambda net: net)
    raise RuntimeError("no till")
""",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages: the wheel of the example, and a package whose plugin fails."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=PACKAGE, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*install, "--target", str(site), str(wheel)], check=True, capture_output=True)
    for name, text in BROKEN.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(text)
    return site


@pytest.fixture
def typed(site: Path, tmp_path: Path) -> Any:
    """Gives what a line says in a terminal where these packages are installed."""

    def aether(*words: str, **variables: str) -> str:
        path = os.pathsep.join([str(site), os.environ["PYTHONPATH"]])
        environment = os.environ | {"PYTHONPATH": path} | variables
        command = [sys.executable, "-m", "aether_nb", *words]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return aether


def test_what_it_brings_is_listed_and_the_broken_one_is_named(typed: Any) -> None:
    """Each package with what it added; one that fails with its reason, and with nothing of what it had added."""
    ours, shop, till = json.loads(typed("plugins", "--json"))
    assert (ours["name"], ["tool", "run_python"] in ours["added"]) == ("built in", True)
    assert (shop["name"], shop["package"], shop["version"], shop["problem"]) == ("shop", "aether-shop", "1.2", "")
    assert sorted(kind for kind, _ in shop["added"]) == sorted(HOMES)
    assert (till["package"], till["problem"], till["added"]) == ("broken-till", "RuntimeError: no till", [])


def test_its_provider_is_asked(typed: Any) -> None:
    """A name of its provider reaches the server whose address the package's row names."""
    with provider() as server:
        checks = json.loads(typed("doctor", "shop:tiny", "--json", SHOP_URL=f"{server.url}/v1"))
    assert {check["state"] for check in checks} <= {"ok", "warn"}
    assert {body["model"] for body in server.bodies} == {"tiny"}


def test_its_loader_reads_and_its_embedder_compares(typed: Any, tmp_path: Path) -> None:
    """A file of its ending is cut by its loader, and its vectors are made by its embedder."""
    (tmp_path / "monday.till").write_text("Two lamps, 80 euros\n====\nA zither, 900 euros\n")
    told = typed("know", "add", "monday.till", AETHER_EMBEDDER="shop-letters")
    assert "1 added; 2 chunks" in told
    assert "by meaning with shop-letters-1" in told


@pytest.mark.full
@pytest.mark.kernel
def test_a_run_calls_its_tool_and_is_recorded_in_its_store(typed: Any, tmp_path: Path) -> None:
    """The model, the tool and the record of one run all come from the package."""
    words = ("--model", "shop-script", "--json", "What is it with tax?")
    row = json.loads(typed("execute", *words, AETHER_STORE="shop://branch"))
    assert (row["outcome"], row["answer"]) == ("done", "With tax it is 119.0.")
    assert "gross" in typed("trace", row["run"], "--store", "shop://branch")
    assert (tmp_path / "branch").is_dir()
