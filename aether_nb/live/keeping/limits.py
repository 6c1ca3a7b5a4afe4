"""How much may be spent on looking at a value or writing it, and how it is said that it was too much, or not possible.

It does not know what is looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["Budget", "Clock", "Data", "NotPossible", "Signer", "TooMuch"]

Data: TypeAlias = bytes | memoryview

HASHED_A_SECOND = 600e6
"""Bytes; what takes longer than there is time for is not even begun."""


class TooMuch(Exception):
    """There is not enough time, or it is too large."""


class NotPossible(Exception):
    """This cannot be looked into, or not be written in this way; the text says why, in words for people."""


class Signer(Protocol):
    """This user's key, which other users and foreign folders do not have."""

    def sign(self, data: bytes) -> str:
        """The signature of these bytes."""

    def verifies(self, data: bytes, signature: str) -> bool:
        """Whether this key made the signature of exactly these bytes."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when (monotonic seconds) and for how many bytes a value may be looked at."""

    until: float = float("inf")
    most: float = float("inf")

    @classmethod
    def of(cls, seconds: float, most: float = float("inf")) -> Clock:
        """From now on so many seconds."""
        return cls(time.monotonic() + seconds, most)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.until - time.monotonic()

    def check(self) -> None:
        """Go on only when there is time left.

        Raises:
            TooMuch: There is none.
        """
        if time.monotonic() > self.until:
            raise TooMuch("there was no time to look at all of it")

    def afford(self, size: float, a_second: float = HASHED_A_SECOND) -> None:
        """Go on only when so many bytes can be looked at.

        Raises:
            TooMuch: They cannot.
        """
        if size > self.most or size / a_second > self.left:
            raise TooMuch("it is too large to look at all of it")


@dataclass(frozen=True, slots=True)
class Budget:
    """What keeping may cost a run. Sizes are in bytes, times in seconds.

    Attributes:
        total: All that is written for one run.
        each: One variable.
        slow: A call that took so long has what it made written at once; what a quicker one made is hashed only.
        share: The part of a slow call's time that may be spent on writing what it made.
        hashing: The most that the hashes after a call may take.
        quick: What the hashes after a quick call may take in any case.
        once: What writing may take after a call that cannot be made again, however quick it was.
        parking: The most that writing may take when a run is parked.
    """

    total: int = 512_000_000
    each: int = 256_000_000
    slow: float = 1.0
    share: float = 0.25
    hashing: float = 0.05
    quick: float = 0.005
    once: float = 0.25
    parking: float = 10.0

    def for_hashes(self, seconds_taken: float) -> float:
        """What the hashes after a call may take."""
        return min(self.hashing, max(self.quick, seconds_taken / 20))

    def for_bytes(self, seconds_taken: float, force: bool, again: bool = True) -> float:
        """What writing after a call may take; 0 when nothing is to be written."""
        if force:
            return self.parking
        least = 0.0 if again else self.once
        return max(least, self.share * seconds_taken) if seconds_taken >= self.slow else least
