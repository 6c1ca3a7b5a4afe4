"""The verbs about the key of the record. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import SAID, STORE

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "encrypt",
        "Encrypt the record: what was said, done and kept. Names of runs and tools, kinds and times stay readable.",
        (
            Option(("--passphrase",), "ask for a passphrase, also where there is a keyring", flag=True),
            Option(("--rotate",), "give an encrypted record another key", flag=True),
            SAID,
            STORE,
        ),
        examples=("encrypt", "encrypt --passphrase", "encrypt --rotate"),
    ),
    Verb("decrypt", "Make an encrypted record readable again.", (SAID, STORE), examples=("decrypt",)),
    Verb(
        "unlock",
        "Type the passphrase of an encrypted record, for as long as this kernel lives.",
        (),
        ("notebook",),
        examples=("unlock",),
    ),
)
