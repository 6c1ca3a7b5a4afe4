"""What holds for every test: a home of its own, no network, no settings of the developer's, nothing left out in CI."""

from __future__ import annotations

import gc
import os
import platform
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from harness.postgres import Server

ROOT = Path(__file__).parents[1]

# Random search belongs to a developer's own runs; the suite finds the same thing every time.
settings.register_profile("suite", derandomize=True, database=None, deadline=None)
settings.load_profile("suite")

pytest.register_assert_rewrite("contracts", "harness")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported or started: a home that is thrown away, and an environment without settings.

    Kernels and browsers that tests start inherit it. The checkout is on their path, so that an environment without an
    installed aether-nb (the one with the older kernel) runs this code too.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # started in the background: tests press Ctrl-C all the same
        signal.signal(signal.SIGINT, signal.default_int_handler)
    fonts = Path.home() / ".cache" / "matplotlib"
    home = Path(tempfile.mkdtemp(prefix="aether-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in [name for name in os.environ if name.startswith("AETHER_") and not name.startswith("AETHER_TEST_")]:
        del os.environ[name]
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "jupyter-config",
        "JUPYTER_DATA_DIR": home / "jupyter-data",
        "JUPYTER_RUNTIME_DIR": home / "jupyter-runtime",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_CACHE_HOME": home / "cache",
        # The font cache is the one thing worth keeping: making it again takes seconds in every kernel.
        "MPLCONFIGDIR": fonts if fonts.is_dir() else home / "matplotlib",
    }
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    if os.environ.get("AETHER_TEST_AMNESIA"):
        from harness import amnesia

        amnesia.startup(folders["IPYTHONDIR"])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    os.environ["MPLBACKEND"] = "agg"
    # A machine may have a keyring that works, and a test that keeps a key in it would leave it there.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


def pytest_unconfigure() -> None:
    """Take back what ``_small_heap`` did: libraries say at the end what of theirs is still there."""
    gc.unfreeze()


# ---- no network


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    try:
        return ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        return address[0] in {"localhost", ""}


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Sockets of this process reach this machine only."""

    def guarded(original: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                self.close()
                # Not an OSError: a client would take that for a server that is down, and the test would pass.
                raise RuntimeError(f"A test tried to reach {address!r}; tests have no network.")
            return original(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(autouse=True)
def _no_keyring() -> None:
    """Whatever keyring this process looked at before, a test finds none."""
    if (keyring := sys.modules.get("keyring")) is not None:
        from keyring.backends.null import Keyring

        keyring.set_keyring(Keyring())


@pytest.fixture(autouse=True, scope="module")
def _small_heap() -> None:
    """What lives since earlier files is looked through no more: every shell that is reset collects, a second each."""
    gc.collect()
    gc.freeze()


# ---- two lanes, and nothing left out in CI


def full_lane() -> bool:
    """Whether all of the costly matrices run, not a sample of them."""
    return os.environ.get("AETHER_TEST_FULL") == "1"


@pytest.fixture(scope="session")
def full() -> bool:
    """True in tests/full: run the whole matrix, not a sample."""
    return full_lane()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to tests/full."""
    if not full_lane():
        left_out = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)


PROVIDED = ("Chromium", "ipykernel 6", "PostgreSQL", "servers of others", "could not import")
"""What CI installs: words in the reasons of tests that cannot run without it."""

UNREACHED = "npm's registry cannot be reached"
"""What CI cannot install by itself: words in the reasons of tests that need something from there."""


def _fail_if_skipped_in_ci(report: Any) -> Any:
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if any(word in reason for word in PROVIDED):
            report.outcome = "failed"
            report.longrepr = f"Left out, which CI does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """In CI a missing browser or kernel is a failure: a suite that skips what it cannot do is always green."""
    return _fail_if_skipped_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Any:
    """The same for a whole module that skips itself."""
    return _fail_if_skipped_in_ci((yield))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was left out because a registry did not answer is said where nobody overlooks it."""
    if count := sum(UNREACHED in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        said = f"{count} NOT RUN: {UNREACHED}"
        terminalreporter.write_sep("!", said, red=True, bold=True)
        if os.environ.get("GITHUB_ACTIONS"):
            terminalreporter.write_line(f"::warning::{said}")


# ---- figures

FIGURE = "figure"


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Notes what a test measured, as ``figure(what, value)``; tests/full writes it down."""

    def note(what: str, value: str) -> None:
        request.node.user_properties.append((FIGURE, [what, value]))

    return note


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the figures to $AETHER_TEST_FIGURES, with the date and the machine.

    They come with the report of each test: those of a process that dies later are not lost.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not (target := os.environ.get("AETHER_TEST_FIGURES")) or reporter is None:
        return
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    counts = f"{len(reporter.stats.get('passed', []))} tests passed, {session.testsfailed} failed"
    reports = [report for status in ("passed", "failed") for report in reporter.stats.get(status, [])]
    noted = [value for report in reports for name, value in report.user_properties if name == FIGURE]
    rows = [f"| {what} | {value} |" for what, value in noted]
    lines = ["# Figures of the full suite", "", f"{date.today()} · {machine} · {counts}. Made by `tests/full`.", ""]
    Path(target).write_text("\n".join([*lines, "| what | figure |", "|---|---|", *rows, ""]), encoding="utf-8")


# ---- parts of the system that tests need


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser of the system."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("needs Chromium: apt-get install chromium")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own, in a folder that is thrown away."""
    pytest.importorskip("psycopg")
    from harness.postgres import Server, binaries

    if (programs := binaries()) is None:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    with Server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def kernel6() -> Path:
    """The Python of an environment with ipykernel 6: $AETHER_TEST_KERNEL6, or .venv6 as .ci/run makes it."""
    for place in filter(None, [os.environ.get("AETHER_TEST_KERNEL6"), ROOT / ".venv6" / "bin" / "python"]):
        if Path(place).is_file():
            return Path(place)
    pytest.skip("needs a second environment with ipykernel 6: .ci/run makes it in .venv6")
