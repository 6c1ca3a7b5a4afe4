"""The rules of this suite itself, tried on small suites under the same conftest.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.fixture
def suite(tmp_path):
    """Runs a module of tests under this suite's rules; the environment is what is given and nothing of ours.

    What pytest said of each is in ``said``.
    """
    (tmp_path / "tests").mkdir()
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests")
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)

    def run(code, **environment):
        (tmp_path / "tests" / "test_it.py").write_text(code)
        inherited = {n: value for n, value in os.environ.items() if n != "CI" and not n.startswith("AETHER_")}
        command = [sys.executable, "-B", "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
        done = subprocess.run(
            command, cwd=tmp_path, env=inherited | environment, capture_output=True, text=True, check=False
        )
        run.said.append(done.stdout)
        return done.returncode, done.stdout.strip().splitlines()[-1].partition(" in ")[0]

    run.said = []
    return run


BROWSER = """
def test_browser(chromium):
    pass
"""


def test_a_missing_browser_is_left_out_at_home_and_fails_in_ci(suite):
    """What CI installs may not be missing there; on a developer's machine it may."""
    bare = {"PATH": "/nowhere"}
    assert suite(BROWSER, **bare) == (0, "1 skipped")
    assert suite(BROWSER, CI="1", **bare) == (1, "1 error")


def test_a_missing_package_fails_in_ci(suite):
    """A module that skips itself because a test's package is not installed is noticed as well."""
    code = "import pytest\npytest.importorskip('no_such_package')\ndef test_it():\n    pass\n"
    assert suite(code) == (5, "1 skipped")
    assert suite(code, CI="1") == (2, "1 error")


def test_a_registry_that_does_not_answer_is_no_failure_and_is_said(suite):
    """Whether npm's registry is there does not decide; what could not be run for it is said in a line of its own."""
    code = 'import pytest\ndef test_it():\n    pytest.skip("npm\'s registry cannot be reached: why")\n'
    assert suite(code, CI="1", GITHUB_ACTIONS="true") == (0, "1 skipped")
    assert "::warning::1 NOT RUN: npm's registry cannot be reached" in suite.said[-1].splitlines()


def test_what_nobody_can_install_is_left_out_everywhere(suite):
    """A right that a machine does not give is no fault of the suite."""
    code = "import pytest\n@pytest.mark.skip(reason='needs root')\ndef test_it():\n    pass\n"
    assert suite(code, CI="1") == (0, "1 skipped")


def test_the_costly_half_runs_only_when_asked(suite):
    """Tests of the full lane are deselected, not skipped."""
    code = "import pytest\n@pytest.mark.full\ndef test_costly():\n    pass\ndef test_it():\n    pass\n"
    assert suite(code) == (0, "1 passed, 1 deselected")
    assert suite(code, AETHER_TEST_FULL="1") == (0, "2 passed")


def test_no_tests_at_all_is_a_failure(suite):
    """A suite that finds nothing does not pass."""
    assert suite("") == (5, "no tests ran")


def test_the_network_is_out_of_reach(suite):
    """Only this machine can be reached, by name or number; the error is none that a client would catch."""
    code = """
import socket, pytest
def test_out():
    for host in ("192.0.2.1", "::ffff:192.0.2.1"):
        with pytest.raises(RuntimeError, match="tests have no network"):
            socket.create_connection((host, 80))
def test_in():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
"""
    assert suite(code) == (0, "2 passed")


def test_nobodys_settings_reach_a_test(suite):
    """Home, Jupyter's folders and our variables are the suite's own."""
    code = """
import os
from pathlib import Path
def test_it():
    home = Path.home()
    assert home.name.startswith("aether-tests-")
    folders = [os.environ[name] for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")]
    assert [Path(folder).parent for folder in folders] == [home] * 3
    assert [name for name in os.environ if name.startswith("AETHER_")] == ["AETHER_TEST_KEPT"]
"""
    assert suite(code, AETHER_MODE="auto", AETHER_ALLOW_WRITES="/", AETHER_TEST_KEPT="1") == (0, "1 passed")


def test_figures_are_written_with_their_date(suite, tmp_path):
    """What a test measured stands in the file that tests/full names."""
    code = "def test_it(figure):\n    figure('append', '32 µs')\n"
    assert suite(code, AETHER_TEST_FIGURES=str(tmp_path / "figures.md")) == (0, "1 passed")
    text = (tmp_path / "figures.md").read_text(encoding="utf-8")
    assert text.startswith("# Figures of the full suite\n\n20")
    assert "1 tests passed, 0 failed. Made by `tests/full`." in text
    assert text.endswith("| what | figure |\n|---|---|\n| append | 32 µs |\n")
