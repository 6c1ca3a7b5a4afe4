"""Whether everything is in place: the kernel, the settings, the model, the record, the packages.

It looks and says; it changes nothing but for a file that it writes into the record's folder and takes away again.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from aether_nb.about import VERSION
from aether_nb.config import Settings
from aether_nb.errors import AetherError, ConfigError
from aether_nb.models.router import open_model, serving

__all__ = ["Finding", "look", "text"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``hint`` is what to do, empty when all is well."""

    what: str
    state: Literal["ok", "warn", "blocked"]
    found: str
    hint: str = ""


def look(settings: Settings | ConfigError, record: Path, workspace: Path, shell: Any = None) -> list[Finding]:
    """Look at everything.

    Args:
        settings: What is configured, or what is wrong with it.
        record: The folder of the record.
        workspace: The folder inside which files may be touched.
        shell: The IPython shell; None from a terminal.
    """
    return [
        *_kernel(shell),
        _loop(),
        *_configured(settings),
        _writable("record", record, "runs cannot be recorded, so none can start", "Set AETHER_STORE=FOLDER."),
        _writable("folder", workspace, "no file can be written here", "Open the notebook in a folder of yours."),
        *_packages(),
    ]


def text(findings: list[Finding]) -> str:
    """The findings as a table for a terminal."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<8} {finding.what:<10} {finding.found}")
        if finding.hint:
            lines.append(f"{'':<19} next: {finding.hint}")
    return "\n".join(lines)


def _kernel(shell: Any) -> Iterator[Finding]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", "ok", f"{python}, IPython {version('ipython')}, aether-nb {VERSION}")
    kernel = getattr(shell, "kernel", None)
    if shell is None:
        return
    if kernel is None:
        yield Finding("kernel", "ok", "none: this is a terminal, approvals are typed")
        return
    found = version("ipykernel")
    if int(found.split(".")[0]) >= 7:
        yield Finding("kernel", "ok", f"ipykernel {found}: clicks are heard while a cell runs")
    else:
        hint = "pip install -U ipykernel, then restart the kernel."
        yield Finding("kernel", "warn", f"ipykernel {found}: clicks wait while a tool computes", hint)


def _loop() -> Finding:
    """A known trap: nest_asyncio breaks every timeout of asyncio on Python 3.14."""
    patched = getattr(asyncio, "_nest_patched", False) and not hasattr(asyncio, "_nest_asyncio2")
    if patched and sys.version_info >= (3, 14):
        hint = "Take nest_asyncio.apply() out of the notebook; top-level await works without it. Restart the kernel."
        return Finding("asyncio", "blocked", "nest_asyncio is applied, which breaks asyncio on Python 3.14", hint)
    if patched:
        return Finding("asyncio", "warn", "nest_asyncio is applied; it is not needed in a notebook")
    return Finding("asyncio", "ok", "as Python ships it")


def _configured(settings: Settings | ConfigError) -> Iterator[Finding]:
    """The settings, and the model they name."""
    if isinstance(settings, ConfigError):
        yield Finding("settings", "blocked", f"{settings.what} {settings.why}".strip(), settings.hint)
    else:
        yield _model(settings)


def _model(settings: Settings) -> Finding:
    choice = serving(os.environ, settings.model)
    try:
        open_model(choice.name, os.environ)
    except AetherError as error:
        return Finding("model", "blocked", f"{choice.name}: {error.what} {error.why}".strip(), error.hint)
    return Finding("model", "ok", f"{choice.name} ({choice.why})")


def _writable(what: str, folder: Path, otherwise: str, hint: str) -> Finding:
    """Whether a file can be made in a folder, or in the nearest folder above it that exists."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".aether-doctor-"):
            pass
    except OSError as error:
        return Finding(what, "blocked", f"{folder}: {otherwise} ({error.strerror or error})", hint)
    return Finding(what, "ok", str(folder))


def _packages() -> Iterator[Finding]:
    """What the offline analyst's code uses; the rest comes with the package."""
    missing = []
    for name in ("pandas", "matplotlib", "scipy"):
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        found = f"without {', '.join(missing)} the offline analyst can do less"
        yield Finding("packages", "warn", found, f"pip install {' '.join(missing)}")
    else:
        yield Finding("packages", "ok", "pandas, matplotlib and scipy are installed")
