"""What a client costs before it is used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pydantic", "IPython", "pandas", "numpy", "httpx", "sqlite3", "lancedb", "keyring", "matplotlib", "PIL")


def test_making_a_client_loads_nothing_heavy():
    """Importing it and making one loads our own modules and the standard library."""
    code = (
        "import sys\nfrom aether_nb.client.face import Aether\nai = Aether('openai:m', tools=[print], api_key='k')\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
