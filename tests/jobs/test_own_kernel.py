"""What is typed for a cell in a kernel of its own."""

from __future__ import annotations

import io
import signal
from pathlib import Path

import pytest
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from aether_nb.jobs import own_kernel
from aether_nb.jobs.own_kernel import Screen, in_a_kernel


@pytest.mark.parametrize(("typed", "sent"), [("yes\n", "yes"), ("\n", ""), ("yes", "yes"), ("", "\x04")])
def test_the_end_of_input_is_no_empty_line(typed: str, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D goes to the kernel as what it is, so that a gate is answered at once and not asked again."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert own_kernel._line() == sent


def test_a_run_that_nobody_follows_any_more_is_not_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kernel is dead before it could be interrupted: nothing is recorded as stopped, and it can be gone on with."""
    sent: list[int] = []
    send = LocalProvisioner.send_signal

    async def noted(self: LocalProvisioner, signum: int) -> None:
        sent.append(signum)
        await send(self, signum)

    monkeypatch.setattr(LocalProvisioner, "send_signal", noted)
    assert in_a_kernel(["pass"], tmp_path, {}, Screen(stopped=lambda: True)) == own_kernel.ENDED
    assert sent[0] == getattr(signal, "SIGKILL", signal.SIGTERM)


def test_an_error_of_a_cell_is_printed_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also that of a cell before the last one, of which nothing else is shown."""
    told: list[str] = []
    assert in_a_kernel(["1 / 0", "pass"], tmp_path, {}, Screen(failed=told.append)) == own_kernel.ENDED
    assert len(told) == 1 and "ZeroDivisionError: division by zero" in told[0]
    assert told[0] in capsys.readouterr().err
