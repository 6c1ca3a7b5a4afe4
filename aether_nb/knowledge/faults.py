"""What goes wrong in the store, said in our words: the database tells it by the texts of bare RuntimeErrors.

This module reads texts of errors and knows no database.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from aether_nb.config.address import masked
from aether_nb.errors import (
    AetherError,
    KnowledgeBusy,
    KnowledgeCorrupt,
    KnowledgeError,
    KnowledgeFull,
    KnowledgeReadOnly,
)

__all__ = ["attempt", "translated"]

T = TypeVar("T")

FULL = ("os error 28", "no space left", "disk quota exceeded", "os error 122")
READ_ONLY = (
    "os error 30",
    "read-only file system",
    "os error 13",
    "permission denied",
    "accessdenied",
    "access denied",
)
CORRUPT = (
    "invalid range",
    "file size is too small",
    "failed to decode protobuf",
    "magic number",
    "does not match lance format",
    "task panicked",
    "corrupt",
)
CONFLICT = ("commit conflict", "conflicting concurrent", "too many concurrent writers", "retryable", "preempted by")
REFUSED = ("dispatch failure", "error sending request", "invalidaccesskeyid", "nosuchbucket", "generic s3 error")
ATTEMPTS = 12
REPAIR = "%aether know doctor --repair"


def attempt(action: Callable[[], T], place: str, doing: str = "be written") -> T:
    """Do it; again after a moment when somebody else wrote at the same time. Any error comes out as one of ours.

    Raises:
        KnowledgeError: It cannot be done; the error says why.
    """
    for number in range(ATTEMPTS):
        try:
            return action()
        except AetherError:
            raise
        except (RuntimeError, OSError, ValueError, TypeError, KeyError) as error:
            if not _has(str(error), CONFLICT) or number == ATTEMPTS - 1:
                raise translated(error, place, doing) from error
            time.sleep(random.uniform(0.5, 1.5) * min(0.02 * 2**number, 1.0))
    raise AssertionError("the last attempt returns or raises")


def translated(error: Exception, place: str, doing: str = "be written") -> KnowledgeError:
    """An error of ours that says what an error of the database means."""
    shown = masked(place)
    text = str(error).replace(place, shown)
    what = f"The knowledge in {shown} could not {doing}."
    short = " ".join(text.split())[:300] or type(error).__name__
    if _has(text, FULL):
        return KnowledgeFull(what, "The disk is full. What was kept before is whole.", "Free some space; try again.")
    if _has(text, READ_ONLY):
        return KnowledgeReadOnly(what, "Nothing may be written there; it can be searched.", "Set AETHER_KNOWLEDGE")
    if _has(text, CONFLICT):
        return KnowledgeBusy(what, "Others wrote at the same time, again and again.", "Try again in a moment.")
    if _has(text, CORRUPT):
        return KnowledgeCorrupt(what, f"A file of it is damaged: {short}", REPAIR)
    if _has(text, REFUSED):
        return KnowledgeError(what, f"The server did not do it: {short}", "Look at AETHER_KNOWLEDGE and its keys.")
    return KnowledgeError(what, short)


def _has(text: str, signs: tuple[str, ...]) -> bool:
    low = text.lower()
    return any(sign in low for sign in signs)
