"""Fetching a page that a person named, to be kept among what is known. The rules of ``http_request`` hold here too.

Nothing of the person's goes along but the address. A public address that leads into the person's own network is not
followed; to another public place it is, because a person follows such links without a thought.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from aether_nb.errors import RepairableToolError, SourceUnreadable
from aether_nb.tools.web import REDIRECTS, SECONDS, answer_of, host_of, is_private, places_of

if TYPE_CHECKING:
    from httpx import Response

__all__ = ["fetch_page"]

MOST_BYTES = 20_000_000


async def fetch_page(url: str) -> tuple[bytes, str]:
    """What is at an address, and its content type without parameters.

    Raises:
        SourceUnreadable: It is no address, nobody answered, the answer is an error, or it is too large.
    """
    import httpx

    try:
        private = is_private(host_of(url))
        async with asyncio.timeout(SECONDS * 6), httpx.AsyncClient(timeout=SECONDS) as client:
            place = url
            for _ in range(REDIRECTS + 1):
                async with answer_of(client, await _public(place, private), "GET", place) as answer:
                    if answer.is_redirect and (leads := answer.headers.get("location")):
                        place = urljoin(place, leads)
                        continue
                    return await _read(url, answer), _kind(answer)
    except RepairableToolError as error:
        raise SourceUnreadable(f"{url} was not fetched.", f"{error.what} {error.why}".strip(), error.hint) from error
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
        raise SourceUnreadable(f"{url} did not answer.", str(error) or type(error).__name__) from error
    raise SourceUnreadable(f"{url} leads on and on.", f"After {REDIRECTS} redirects it was given up.")


async def _public(place: str, private: bool) -> list[str]:
    """The addresses by which a page is asked for; one outside may not lead inside.

    Raises:
        RepairableToolError: It does.
    """
    if is_private(host_of(place)) and not private:
        raise RepairableToolError(f"It leads to {host_of(place)}, which lies inside your network.")
    return await places_of(place, private)


async def _read(url: str, answer: Response) -> bytes:
    if not answer.is_success:
        said = f"{answer.status_code} {answer.reason_phrase}".strip()
        raise SourceUnreadable(f"{url} cannot be had.", f"The server says: {said}.")
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > MOST_BYTES:
            raise SourceUnreadable(f"{url} is too large.", f"It has more than {MOST_BYTES / 1e6:.0f} MB.")
    return bytes(data)


def _kind(answer: Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
