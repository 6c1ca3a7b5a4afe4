"""The bridge in this process, and the kernels in which it is tried: this environment's, and one of ipykernel 6."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aether_nb.live.guard import hook
from harness.bridge import WAYS, agent_thread
from harness.bridge_cells import SETUP
from harness.kernel import Kernel


@pytest.fixture(autouse=True, scope="session")
def traced_hook():
    """Python traces no audit hook unless it is told to: what the guard's does is to be seen in the coverage."""
    hook._hook.__cantrace__ = True


@pytest.fixture(scope="module", params=["this environment's ipykernel", "ipykernel 6"])
def python(request):
    """The interpreters whose kernels are tried."""
    return request.getfixturevalue("kernel6") if request.param == "ipykernel 6" else Path(sys.executable)


@pytest.fixture(scope="module")
def shared(python, tmp_path_factory):
    """A kernel for the tests of this module: each leaves it usable, or fails."""
    with Kernel(python, folder=tmp_path_factory.mktemp("kernel")) as kernel:
        setup = kernel.run(SETUP)
        assert setup.status == "ok", setup.of("error")
        kernel.panel = setup.text().strip()
        kernel.new = kernel.run("import ipykernel; print(ipykernel.version_info[0] >= 7)").text() == "True\n"
        yield kernel


@pytest.fixture
def kernel(shared):
    """The kernel, its records empty; afterwards it must be usable, with nothing left behind."""
    shared.run("clicks.clear(); ordinary.clear(); notes.clear(); clicked.clear()")
    yield shared
    assert shared.alive
    after = shared.run("print(await unharmed())")
    assert (after.status, after.text()) == ("ok", "[]\n")


@pytest.fixture
def thread():
    """An agent's thread of this test's own, on which nothing is left at the end."""
    with agent_thread() as thread:
        yield thread


@pytest.fixture(params=WAYS)
def cell(request, thread):
    """Both ways of waiting for the work."""
    return lambda work: WAYS[request.param](thread, work)
