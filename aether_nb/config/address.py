"""Addresses of database servers in settings: what is one, and how it is shown without its password.

This module opens nothing and knows no setting.
"""

from __future__ import annotations

import re

__all__ = ["Address", "is_address", "masked"]

_SCHEME = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
# Up to the last @: a password that was typed without its percent signs may hold any letter.
_AFTER_NAME = re.compile(r"(?<=://)([^:@/?]*):(.*)@", re.DOTALL)
_NAMED = re.compile(r"([?&](?:ssl)?password=)[^&]*", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether a text means a PostgreSQL server, not a folder."""
    return _SCHEME.match(text) is not None


def masked(text: str) -> str:
    """An address with three stars where its password is; any other text stays as it is."""
    return _NAMED.sub(r"\1***", _AFTER_NAME.sub(r"\1:***@", text)) if is_address(text) else text


class Address(str):
    """The address of a server. However it is shown, its password is three stars; ``plain`` is what it says."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(masked(self.plain))

    def __str__(self) -> str:
        return masked(self.plain)

    def __format__(self, spec: str) -> str:
        return format(masked(self.plain), spec)

    @property
    def plain(self) -> str:
        """The whole address, for whoever connects."""
        return str.__str__(self)
