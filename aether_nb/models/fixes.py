"""What a refusal teaches: a server that names a field it does not take is asked again without it, or by another name.

Pure: a profile and a refusal in, the profile that would have been right out. Asking again is ``http``'s business.
"""

from __future__ import annotations

from dataclasses import replace

from aether_nb.models.base import Request
from aether_nb.models.profile import Profile

__all__ = ["mended"]


def mended(profile: Profile, request: Request, status: int, body: bytes) -> Profile | None:
    """The profile without what the server refused; None when the refusal is about something else.

    Args:
        profile: As it was asked.
        request: What was asked.
        status: The HTTP status of the refusal.
        body: What the server said.
    """
    if status not in (400, 422):
        return None
    said = body.decode("utf-8", "replace")
    if "stream_options" in said and profile.stream_usage == "ask" and request.stream:
        return replace(profile, stream_usage="none")
    return None
