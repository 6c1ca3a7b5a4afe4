"""What this process is called, so that it can be told from any other, on this machine or another one."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

__all__ = ["started", "this_process"]

_NAMES: dict[int, str] = {}
"""This process' name by its number; a forked child has another number."""


def this_process() -> str:
    """Host, number and start of this process: the same as long as it lives, and never given again."""
    number = os.getpid()
    name = _NAMES.get(number)
    if name is None:
        name = _NAMES[number] = f"{socket.gethostname()}:{number}:{started(Path('/proc'))}"
    return name


def started(proc: Path) -> str:
    """When this process started, in ticks of this boot of the machine; where nobody says, a word drawn by lot."""
    try:
        # The name in brackets may hold blanks and brackets of its own.
        fields = (proc / "self" / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
        return f"{fields[19]}-{boot[:8]}"
    except (OSError, IndexError):
        return secrets.token_hex(6)
