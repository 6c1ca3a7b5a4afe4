"""Addresses in settings: what is one, and how it is shown without the password or the key in it.

This module opens nothing and knows no setting.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["POSTGRES", "Address", "is_address", "masked", "shown"]

POSTGRES = ("postgresql", "postgres")
"""What stands before ``://`` in the address of a PostgreSQL server."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
# Up to the last @: a password that was typed without its percent signs may hold any letter.
_AFTER_NAME = re.compile(r"(?<=://)([^:@/?]*):(.*)@", re.DOTALL)
_NAMED = re.compile(r"([?&](?:ssl)?password=)[^&]*", re.IGNORECASE)
# The file of a PostgreSQL client's key (sslkey) is no key.
_KEYED = re.compile(r"([?&#][\w.-]*(?:passwd|secret|token|(?<!ssl)key|sig(?:nature)?)=)[^&#]*", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether a text means a server, or what else a store was registered for, and not a folder."""
    return _SCHEME.match(text) is not None


def masked(text: str) -> str:
    """A text with three stars where the password of an address in it is; any other text stays as it is."""
    return _NAMED.sub(r"\1***", _AFTER_NAME.sub(r"\1:***@", text)) if "://" in text else text


def shown(value: Any) -> Any:
    """A value of a setting as people are shown it: addresses in it, also in a list, without passwords and keys."""
    if isinstance(value, list | tuple):
        return type(value)(shown(each) for each in value)
    if not isinstance(value, str):
        return value
    text = masked(str(value))
    return _KEYED.sub(r"\1***", text) if "://" in text else text


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
    def scheme(self) -> str:
        """What stands before its ``://``, in small letters: the name under which its store is registered."""
        return self.plain.partition("://")[0].lower()

    @property
    def plain(self) -> str:
        """The whole address, for whoever connects."""
        return str.__str__(self)
