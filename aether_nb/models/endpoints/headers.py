"""What stands before every request to a provider: who asks, and the key, where the provider wants it.

Pure. Which address it is sent to is not known here; whoever sends takes care that it is the profile's own.
"""

from __future__ import annotations

import re

from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.endpoints.secret import Secret

__all__ = ["headers", "is_sendable"]

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header can be called."""


def headers(profile: Profile, key: str) -> dict[str, str]:
    """The headers of a request, names in lower case; what the provider's row says counts last. Keys are ``Secret``.

    Args:
        profile: Who is asked.
        key: The key; empty when there is none.

    Raises:
        ValueError: The key, or a header of the row, cannot be sent; says which, and not its value.
    """
    key = Secret(key)
    found = {"accept": "application/json", "user-agent": "aether-nb"}
    if profile.wire == "anthropic":
        found["anthropic-version"] = profile.version
    if key and profile.auth != "none":
        if not is_sendable(key):
            raise ValueError(
                "The key has characters that cannot be sent: a line break, a space, or a letter outside ASCII."
            )
        found |= {"x-api-key": key} if profile.auth == "x-api-key" else {"authorization": Secret(f"Bearer {key}")}
    for name, value in profile.headers.items():
        if not NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise ValueError(f"The header {name!r} of {profile.provider} has characters that cannot be sent.")
        found[name.lower()] = Secret(value.strip())  # it may hold a key
    return found


def is_sendable(word: str) -> bool:
    """Whether a key, or a name, can stand in a header."""
    return bool(word) and word.isascii() and word.isprintable() and " " not in word
