"""A kernel of this very Python, started for one purpose and ended with it. It knows no run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["fresh_kernel"]

START_SECONDS = 60


@contextmanager
def fresh_kernel(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """A kernel that is ready, as its manager and its client.

    Args:
        folder: Its working directory.
        environment: Variables that it has beside those of this process.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

    manager = KernelManager()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--IPKernelApp.log_level=ERROR"]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="aether", language="python")
    manager.start_kernel(env={**os.environ, **environment}, cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_SECONDS)
        yield manager, client
    finally:
        client.stop_channels()
        # Killed before it is shut down, which interrupts it first: a run at work would write that somebody stopped it,
        # and nobody could go on with it. Windows has no SIGKILL, and ends a process by the other one as hard.
        if manager.has_kernel:
            manager.signal_kernel(getattr(signal, "SIGKILL", signal.SIGTERM))
        manager.shutdown_kernel(now=True)
