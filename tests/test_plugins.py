"""Plugins: what a package adds to the house, and what becomes of one that fails."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from aether_nb import plugins, registry


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the function by which a test says which plugins are installed."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", None)

    def install(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, where, plugins.GROUP) for name, where in entries]
        monkeypatch.setattr(plugins, "installed", lambda: found)

    return install


def good(house: plugins.House) -> None:
    """A plugin that adds two things."""
    house.register("tool", "postcode", "a tool")
    house.register("skill", "tidy", "a skill")


def bad(house: plugins.House) -> None:
    """A plugin that replaces something and then fails."""
    house.register("tool", "postcode", "a broken tool")
    house.register("tool", "other", "another")
    raise RuntimeError("no database")


def test_a_plugin_is_called_with_the_house_once(installed: Any) -> None:
    """What a plugin registers is found by name, and asking again does not call it again."""
    installed(("mine", "test_plugins:good"))
    (found,) = plugins.load()
    assert (found.name, found.problem) == ("mine", "")
    assert found.added == (("tool", "postcode"), ("skill", "tidy"))
    assert registry.get("tool", "postcode") == "a tool"
    assert plugins.load() == (found,)


def test_a_broken_plugin_is_named_and_taken_out(installed: Any) -> None:
    """One that fails leaves nothing behind, says why, and stops no other."""
    installed(("b", "test_plugins:bad"), ("a", "test_plugins:good"), ("c", "no_such_module:plug"))
    first, second, third = plugins.load()
    assert (first.name, first.problem) == ("a", "")
    assert (second.name, second.problem, second.added) == ("b", "RuntimeError: no database", ())
    assert third.problem == "ModuleNotFoundError: No module named 'no_such_module'"
    assert (registry.get("tool", "postcode"), registry.names("tool")) == ("a tool", ("postcode",))


@pytest.mark.parametrize("off", ["mine", "*", "other, mine"])
def test_a_plugin_can_be_switched_off(installed: Any, monkeypatch: pytest.MonkeyPatch, off: str) -> None:
    """A plugin that somebody does not want is not imported."""
    monkeypatch.setenv(plugins.OFF, off)
    installed(("mine", "no_such_module:plug"))
    (found,) = plugins.load()
    assert found.problem == "switched off by AETHER_PLUGINS_OFF"


def test_a_plugin_may_look_for_things_itself(installed: Any) -> None:
    """One that asks the house for something while it is loaded does not load everything again."""
    installed(("again", "test_plugins:asks"))
    assert plugins.load()[0].problem == ""


def asks(house: plugins.House) -> None:
    """A plugin that looks around."""
    assert plugins.load() == ()
