"""The version, for whoever has to say it; also where the package has no metadata, as in a bare checkout."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.1.0"
