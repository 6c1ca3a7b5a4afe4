"""A plugin: one thing of every kind that a package can bring. Nothing of it is imported before it is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aether_nb import ScriptedModel, skill, tool
from aether_nb.agent.hooks import Hook
from aether_nb.events.messages import ToolCall
from aether_nb.knowledge.material import Chunk
from aether_nb.store.store import Store, open_store

RATE = 0.19


def plug(house: Any) -> None:
    """Bring everything in."""
    house.register("tool", "gross", gross)
    house.register("provider", "shop", {"base_url_variable": "SHOP_URL", "default_model": "tiny", "auth": "none"})
    house.register("model", "shop-script", scripted)
    house.register("loader", ".till", receipts)
    house.register("embedder", "shop-letters", Letters)
    house.register("skill", "close-the-till", close_the_till)
    house.register("profile", "cashier", Path(__file__).with_name("cashier.md"))
    house.register("store", "shop", opened)
    house.register("hook", "no-refunds", Hook("before_tool", no_refunds))


@tool(risk="low", effect="pure")
def gross(net: float) -> float:
    """What a thing costs with tax.

    Args:
        net: What it costs without.
    """
    return round(net * (1 + RATE), 2)


def scripted() -> ScriptedModel:
    """A model that asks the tool, and says what came of it."""
    return ScriptedModel([ToolCall("c1", "gross", {"net": 100}), "With tax it is 119.0."], name="shop-script")


def receipts(source: Any) -> list[Chunk]:
    """A till's roll, a receipt a chunk; receipts are parted by a line of equals signs."""
    return [Chunk(text.strip()) for text in source.text().split("====") if text.strip()]


class Letters:
    """An embedder that counts letters. It sends nothing anywhere."""

    id, dimensions, normalised, max_tokens, local = "shop-letters-1", 26, False, 1000, True

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text."""
        return [[1.0 + text.lower().count(chr(97 + place)) for place in range(26)] for text in texts]


@skill(category="shop")
def close_the_till() -> str:
    """Close the till at the end of a day."""
    return "Count, compare with the roll, write the difference down."


def no_refunds(call: Any) -> dict[str, str] | None:
    """Whatever is called, nothing is refunded."""
    return {"veto": "the shop refunds nothing"} if "refund" in call["tool"] else None


def opened(place: Any, name: str, sealer: Any) -> Store:
    """The record of a branch: ``shop://FOLDER``."""
    return open_store(Path(place.plain.partition("://")[2]), name, sealer=sealer)
