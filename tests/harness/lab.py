"""A real JupyterLab and a real browser for tests: start both, open a notebook, run cells, look, click, end both.

Everything lives in one temporary folder (homes, settings, workspaces), the server listens on a port of its own with a
token, and its whole process group is ended whatever happens. Cells are run by the application's own commands and not by
keys: keys get lost while a page is still settling.

    with Lab(tmp_path, chromium) as lab, lab.browser() as page:
        book = lab.open(page, "demo.ipynb", ["1 + 1"])
        book.run(0)
        assert book.text(0) == "2"
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias

App: TypeAlias = Literal["lab", "simple", "notebook"]

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"

READY = """() => {
  const app = window.jupyterapp;
  if (!app) return false;
  const panel = app.shell.currentWidget;
  const context = panel && panel.sessionContext;
  const kernel = context && context.session && context.session.kernel;
  if (!context || !context.isReady || !kernel) return false;
  return kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


class Lab:
    """A JupyterLab server of one's own; also serves Notebook 7.

    Args:
        folder: A temporary folder: homes and settings go below it, notebooks into ``folder/work``.
        chromium: The browser.
        python: The interpreter whose Jupyter is started and whose kernels run.
        env: More environment variables for server and kernels.

    Attributes:
        older: Whether it is another version than the one in this environment.
    """

    def __init__(
        self, folder: Path, chromium: Path, python: str = sys.executable, env: Mapping[str, str] | None = None
    ) -> None:
        self.work = folder / "work"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.log = folder / "server.log"
        self._homes = folder / "homes"
        self._chromium = chromium
        self._python = python
        self.older = python != sys.executable
        self._album = "older" if self.older else ""
        self._more = dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> int | None:
        """The server's process, while it runs."""
        return self._process.pid if self._process is not None else None

    def __enter__(self) -> Lab:
        self.work.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=self.work, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_started()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and every process it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(timeout=10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait(timeout=10)
        self._end_kernels()

    def _end_kernels(self) -> None:
        """Kernels have process groups of their own: end those that name our runtime folder."""
        runtime = str(self._homes / "runtime")
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if runtime in entry.read_bytes().decode(errors="replace"):
                    os.kill(int(entry.parent.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue

    @contextmanager
    def browser(self, width: int = 1280, height: int = 1600, scale: float = 1.0) -> Iterator[Any]:
        """A page of a fresh Chromium; ``scale`` is its device pixel ratio."""
        from playwright.sync_api import sync_playwright

        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(self._chromium), args=arguments)
            try:
                page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
                page.set_default_timeout(30_000)
                yield page
            finally:
                browser.close()

    def open(
        self,
        page: Any,
        name: str,
        cells: Sequence[str] | None = None,
        app: App = "lab",
    ) -> Notebook:
        """Open a notebook and wait until its kernel is ready.

        Args:
            page: The browser's page.
            name: The file's name below ``work``.
            cells: Sources of code cells: the notebook is written anew with them. None opens what is there.
            app: JupyterLab, the same with one document alone, or Notebook 7.
        """
        if cells is not None:
            write_notebook(self.work / name, cells)
        path = {"lab": f"lab/tree/{name}?reset&", "simple": f"doc/tree/{name}?reset&"}.get(app, f"notebooks/{name}?")
        page.goto(f"{self.url}/{path}token={self.token}")
        notebook = Notebook(page, self._album)
        notebook.wait_ready()
        return notebook

    def _command(self) -> list[str]:
        return [
            *(self._python, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.work}"),
            *(f"--IdentityProvider.token={self.token}", "--LabApp.news_url=", "--LabApp.expose_app_in_browser=True"),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]

    def environment(self) -> dict[str, str]:
        """The variables of the server and its kernels; whoever runs a command with them is the same user."""
        homes = self._homes
        folders = {
            "HOME": homes / "home",
            "IPYTHONDIR": homes / "ipython",
            "MPLCONFIGDIR": homes / "matplotlib",
            "JUPYTER_CONFIG_DIR": homes / "config",
            "JUPYTER_DATA_DIR": homes / "data",
            "JUPYTER_RUNTIME_DIR": homes / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": homes / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": homes / "workspaces",
        }
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        notices = homes / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        notices.parent.mkdir(parents=True, exist_ok=True)
        notices.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        paths = [str(ROOT), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH", "")])]
        own = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": os.pathsep.join(paths)}
        return os.environ | {name: str(folder) for name, folder in folders.items()} | own | self._more

    def _wait_started(self, seconds: float = 60) -> None:
        assert self._process is not None
        request = urllib.request.Request(f"{self.url}/api/status", headers={"Authorization": f"token {self.token}"})
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended at its start:\n{self.log.read_text()[-3000:]}")
            try:
                with urllib.request.urlopen(request, timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start within {seconds} s:\n{self.log.read_text()[-3000:]}")


class Notebook:
    """A notebook that is open in a page; its pictures go into the folder ``album``. Cells count from 0."""

    def __init__(self, page: Any, album: str = "") -> None:
        self.page, self.album = page, album
        self._runs = 0

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until the kernel is connected and idle."""
        self.page.wait_for_function(READY, timeout=seconds * 1000)

    def cell(self, index: int) -> Any:
        """The locator of a cell."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def outputs(self, index: int) -> Any:
        """The locator of a cell's outputs."""
        return self.cell(index).locator(".jp-OutputArea-output")

    def text(self, index: int) -> str:
        """All that a cell's outputs say."""
        return "\n".join(self.outputs(index).all_inner_texts()).strip()

    def says(self, index: int, *texts: str, seconds: float = 30) -> None:
        """Wait until a cell's outputs say all of these: while a panel becomes a picture they say nothing."""
        until = time.monotonic() + seconds
        while missing := [text for text in texts if text not in (said := self.text(index))]:
            assert time.monotonic() < until, f"cell {index} does not say {missing} but {said!r}"
            self.page.wait_for_timeout(50)

    def start(self, index: int) -> int:
        """Run a cell and do not wait for its end. Returns a number for ``wait``."""
        self._runs += 1
        self.page.evaluate(
            """([index, number]) => {
              const app = window.jupyterapp;
              app.shell.currentWidget.content.activeCellIndex = index;
              window.aetherRuns = window.aetherRuns || {};
              window.aetherRuns[number] = false;
              app.commands.execute('notebook:run-cell').finally(() => { window.aetherRuns[number] = true; });
            }""",
            [index, self._runs],
        )
        return self._runs

    def wait(self, number: int, seconds: float = 60) -> None:
        """Wait until a started cell is done, well or badly."""
        self.page.wait_for_function("number => window.aetherRuns[number]", arg=number, timeout=seconds * 1000)

    def running(self, number: int) -> bool:
        """Whether a started cell is still at work."""
        return not self.page.evaluate("number => window.aetherRuns[number]", number)

    def run(self, index: int, seconds: float = 60) -> None:
        """Run a cell and wait until it is done."""
        self.wait(self.start(index), seconds)

    def command(self, name: str, arguments: Mapping[str, Any] | None = None) -> None:
        """Execute a command of the application and wait for it."""
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }", [name, arguments or {}]
        )

    def interrupt(self) -> None:
        """Press the notebook's Stop."""
        self.command("notebook:interrupt-kernel")

    def save(self) -> None:
        """Save the notebook to its file."""
        self.command("docmanager:save")

    def reload(self) -> None:
        """Reload the page and wait until the notebook is ready again."""
        self.page.reload()
        self.wait_ready()

    def theme(self, which: Literal["light", "dark"]) -> None:
        """Change the application's theme."""
        light = which == "light"
        self.command("apputils:change-theme", {"theme": "JupyterLab Light" if light else "JupyterLab Dark"})
        self.page.wait_for_selector(f"body[data-jp-theme-light='{str(light).lower()}']", state="attached")

    def screenshot(self, path: Path, locator: Any | None = None) -> Path:
        """A picture of a locator, else of the whole page. A folder that has to be made for it is ignored by git."""
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
            (path.parent / ".gitignore").write_text("*\n")
        path = path.parent / self.album / path.name
        path.parent.mkdir(exist_ok=True)
        (locator or self.page).screenshot(path=str(path), animations="disabled")
        return path


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code cells without outputs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book))


def _free_port() -> int:
    """A port that nobody listens on, below those that a system hands out by itself: kernels take many of these."""
    while True:
        port = 15_000 + secrets.randbelow(15_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
