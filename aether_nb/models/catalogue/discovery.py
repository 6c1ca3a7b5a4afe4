"""Which model servers run on this machine: asked on their usual ports, all at once, and not for long.

Whoever listens there is a stranger until it lists models in a form that model servers use. It is sent no key, no proxy
is asked, and no redirect is followed. This module chooses no model.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aether_nb.models.endpoints.address import is_local, origin

if TYPE_CHECKING:
    import httpx

    from aether_nb.models.catalogue.providers import Providers
    from aether_nb.models.catalogue.rows import Row

__all__ = ["Found", "find_local"]

LARGEST_LIST = 1024 * 1024
"""A longer list of models is none."""


class Found(NamedTuple):
    """A server that answers, and the models it has; none are loaded yet when there are none."""

    provider: str
    base_url: str
    models: tuple[str, ...]


async def find_local(
    providers: Providers, seconds: float = 0.2, environment: Mapping[str, str] | None = None
) -> list[Found]:
    """The model servers of this machine.

    Args:
        providers: Their rows say which ports are usual.
        seconds: How long is waited, for all of them together.
        environment: The environment's variables; a server whose address one of them names, on this machine or on the
            user's network, is asked there.

    Returns:
        Those that answered in time, in the order of the rows, each address once.
    """
    begun = time.monotonic()
    addresses = _addresses(providers, environment or {})
    # Half of the time at most: somebody far away who is switched off must not use up that of the others.
    listening = await asyncio.gather(*(_listens(address, seconds / 2) for _, address in addresses))
    there = [each for each, listens in zip(addresses, listening, strict=True) if listens]
    left = max(seconds / 2, seconds - (time.monotonic() - begun))
    return await _asked(there, left) if there else []


async def _listens(address: str, seconds: float) -> bool:
    """Whether anybody is there. Most often nobody is, and then no HTTP library has to be loaded."""
    place = origin(address)
    if place is None:
        return False
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(place.host, place.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _asked(addresses: list[tuple[Row, str]], seconds: float) -> list[Found]:
    """Those of them that are model servers and say so in time."""
    import httpx

    # No proxy is a way to this machine, and nobody else is to see what runs here.
    # Certificates take longer to read than the servers to answer: only when one of them has one.
    verify = any(address.startswith("https:") for _, address in addresses)
    async with httpx.AsyncClient(trust_env=False, verify=verify, timeout=seconds, follow_redirects=False) as client:
        asked = {asyncio.create_task(_models(client, row, address)): (row, address) for row, address in addresses}
        await asyncio.sleep(0)  # their first step loads what connects: no time in which a server could have answered
        await asyncio.wait(asked, timeout=seconds)
        late = [task for task in asked if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return [
        Found(row.name, address, models)
        for task, (row, address) in asked.items()
        if task not in late and (models := task.result()) is not None
    ]


def _addresses(providers: Providers, environment: Mapping[str, str]) -> list[tuple[Row, str]]:
    """Where to ask: the usual ports, and what the environment names that is local; no place twice."""
    found: dict[Any, tuple[Row, str]] = {}
    for row in map(providers.row, providers.names()):
        named = row.base_url_variable and environment.get(row.base_url_variable, "").strip()
        if named and not is_local(row.address(environment), row.local or None):
            continue
        if named or row.port:
            address = row.address(environment) if named else f"http://127.0.0.1:{row.port}/v1"
            found.setdefault(origin(address), (row, address))
    return list(found.values())


async def _models(client: httpx.AsyncClient, row: Row, address: str) -> tuple[str, ...] | None:
    """The models of a server; None when it is none."""
    import httpx

    with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):
        async with client.stream("GET", address + row.models_path, headers={"accept": "application/json"}) as answer:
            if answer.status_code != 200:
                return None
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST_LIST:
                    return None
            return _listed(body)
    return None


def _listed(body: bytes) -> tuple[str, ...] | None:
    """The names in a list of models; None when it is something else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    entries = found.get("data") if isinstance(found, Mapping) and found.get("object") == "list" else None
    if not isinstance(entries, list):
        return None
    names = [entry.get("id") if isinstance(entry, Mapping) else None for entry in entries]
    fine = [name for name in names if isinstance(name, str) and name.isprintable() and 0 < len(name) < 300]
    return tuple(fine) if len(fine) == len(entries) else None
