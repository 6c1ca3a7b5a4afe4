"""``aether demo``: the first notebook, executed in a real kernel without a key, on a copy.

It prints what a person would have seen, as text, and leaves the executed notebook behind. Nobody is there to click:
what the run may write is decided by the flag ``--allow-writes``, which opens the copy's folder and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from aether_nb.errors import AetherError, RunFailed

__all__ = ["NOTEBOOK", "run"]

NOTEBOOK = "01-first-look.ipynb"

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours in an error's text."""


def run(*, allow_writes: bool, out: Path | None) -> int:
    """Execute the notebook on a copy; returns the exit code.

    Args:
        allow_writes: Approve files that the run writes inside the copy's folder.
        out: Where to put the executed notebook; beside the original, or here, when None.

    Raises:
        RunFailed: A cell failed.
        AetherError: The notebook is not there.
    """
    import nbformat

    source = _source()
    with tempfile.TemporaryDirectory(prefix="aether-demo-") as place:
        folder = Path(os.path.realpath(place))
        shutil.copy(source, folder)
        shutil.copytree(source.parent / "data", folder / "data")
        print(f"This is {NOTEBOOK} on a temporary copy, with the offline analyst: no key, no network.")
        if allow_writes:
            print(f"--allow-writes: files that the run writes inside {folder} are approved, and nothing else.\n")
        else:
            print("Without --allow-writes nobody is there to approve: files are not written.\n")
        notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
        failed = _execute(notebook, folder, allow_writes)
        target = _target(source, out)
        nbformat.write(notebook, target)
    print(f"The executed notebook is {target}. Open it:\n  {_jupyter()} lab {target}")
    if failed:
        raise RunFailed("A cell of the notebook failed.", failed, "aether doctor")
    return 0


def _source() -> Path:
    """The notebook, in the wheel or in the checkout.

    Raises:
        AetherError: It is in neither.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / NOTEBOOK).is_file():
            return folder / NOTEBOOK
    raise AetherError(f"{NOTEBOOK} is not installed.", "This copy of aether-nb is incomplete.", "Install it again.")


def _execute(notebook: Any, folder: Path, allow_writes: bool) -> str:
    """Run all cells, printing each with its outputs when it is done; returns what went wrong, or nothing."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError

    environment = {name: value for name, value in os.environ.items() if not name.startswith("AETHER_")}
    environment |= {"AETHER_MODEL": "aether:analyst", "JPY_SESSION_NAME": str(folder / NOTEBOOK)}
    if allow_writes:
        environment["AETHER_ALLOW_WRITES"] = str(folder)

    told = 0

    def show(cell_index: int, **_: Any) -> None:
        """Print what has been reached: the texts before this cell, and the cell with its outputs."""
        nonlocal told
        for cell in notebook.cells[told : cell_index + 1]:
            print(_told(cell), flush=True)
        told = cell_index + 1

    client = NotebookClient(
        notebook,
        km=_kernel(),
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        on_cell_executed=show,
    )
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellControlSignal, DeadKernelError) as error:
        return ESCAPES.sub("", str(error).strip().splitlines()[-1])
    return ""


def _kernel() -> Any:
    """A kernel of this very Python, whatever kernels are installed under the name of python3."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    manager = AsyncKernelManager()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="aether demo", language="python")
    return manager


def _told(cell: Any) -> str:
    """A cell and its outputs as text."""
    if cell.cell_type != "code":
        return f"{cell.source}\n"
    lines = [f"In: {line}" if n == 0 else f"    {line}" for n, line in enumerate(cell.source.splitlines())]
    for output in cell.outputs:
        if output.output_type == "stream":
            lines.append(output.text.rstrip())
        elif output.output_type == "error":
            lines.append("\n".join(output.traceback))
        else:
            lines.append(str(output.data.get("text/plain", "")).rstrip())
    return "\n".join(lines) + "\n"


def _target(source: Path, out: Path | None) -> Path:
    """Where the executed notebook goes: beside the original when that is a checkout, else here."""
    folder = out
    if folder is None:
        folder = source.parent if source.parent.parent.joinpath("pyproject.toml").is_file() else Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve() / NOTEBOOK.replace(".ipynb", ".executed.ipynb")


def _jupyter() -> str:
    """The command that starts Jupyter in this environment."""
    beside = Path(sys.executable).with_name("jupyter")
    return str(beside) if beside.exists() else "jupyter"
