"""Plugins: what a package adds to the house, and what becomes of one that fails."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from aether_nb import plugins, register, registry, skill
from aether_nb.errors import OptionError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the function by which a test says which plugins are installed."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", None)

    def install(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, where, plugins.GROUP) for name, where in entries]
        monkeypatch.setattr(plugins, "installed", lambda: found)

    return install


def postcode(place: str) -> str:
    """The postcode of a place."""
    return f"{place} 12345"


@skill
def tidy() -> str:
    """Tidy up the way the team likes it."""
    return "From left to right."


def good(house: plugins.House) -> None:
    """A plugin that adds two things."""
    house.register("tool", "postcode", postcode)
    house.register("skill", "tidy", tidy)


def bad(house: plugins.House) -> None:
    """A plugin that replaces something and then fails."""
    house.register("tool", "postcode", lambda place: place)
    house.register("tool", "other", postcode)
    raise RuntimeError("no database")


def odd(house: plugins.House) -> None:
    """A plugin that brings what is no tool."""
    house.register("tool", "other", postcode)
    house.register("tool", "postcode", "a text")


def test_a_plugin_is_called_with_the_house_once(installed: Any) -> None:
    """What a plugin registers is found by name, and asking again does not call it again."""
    installed(("mine", "test_plugins:good"))
    (found,) = plugins.load()
    assert (found.name, found.problem) == ("mine", "")
    assert found.added == (("tool", "postcode"), ("skill", "tidy"))
    assert plugins.found("tool")["postcode"].spec.description == "The postcode of a place."
    assert plugins.load() == (found,)


def test_a_broken_plugin_is_named_and_taken_out(installed: Any) -> None:
    """One that fails, or that brings what is none, leaves nothing behind, says why, and stops no other."""
    entries = {"a": "good", "b": "bad", "c": "odd"}
    installed(*((name, f"test_plugins:{where}") for name, where in entries.items()), ("d", "no_such_module:plug"))
    first, second, third, fourth = plugins.load()
    assert (first.name, first.problem) == ("a", "")
    assert (second.name, second.problem, second.added) == ("b", "RuntimeError: no database", ())
    assert third.problem.startswith("OptionError: What is registered as the tool 'postcode' is none. It is a str.")
    assert fourth.problem == "ModuleNotFoundError: No module named 'no_such_module'"
    assert registry.names("tool") == ("postcode",)
    assert registry.get("tool", "postcode").spec.description == "The postcode of a place."


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


# ---- the one door


@pytest.mark.parametrize("kind", [kind for kind in plugins.HOMES if kind not in ("model", "hook")])
def test_what_is_built_in_comes_by_the_same_door(kind: str, installed: Any) -> None:
    """Each kind brings in its own when one is first looked for, and what somebody else registers counts before it."""
    installed()
    name, thing = next(iter(plugins.own(kind).items()))
    registry.register(kind, name, "another")
    assert plugins.found(kind)[name] == "another"
    assert plugins.own(kind)[name] is thing


def test_a_decorator_registers_and_leaves_the_function_as_it_is(installed: Any) -> None:
    """The same door above a function; what comes late replaces what it replaces."""
    installed()
    assert register("tool", "postcode")(postcode) is postcode
    assert plugins.found("tool")["postcode"].spec.name == "postcode"


@pytest.mark.parametrize(
    ("kind", "name", "thing", "said"),
    [
        ("tools", "x", postcode, "There is no kind 'tools' of things. There are tool, provider"),
        ("tool", " x", postcode, "cannot be the name of a thing"),
        ("tool", "x", postcode.__annotations__, "What is registered as the tool 'x' is none. It is a dict."),
        ("model", "x", "gpt", "What is registered as the model 'x' is none. It is a str."),
        ("store", "X", print, "'X' cannot stand before ://"),
        ("store", "mine", 7, "What is registered as the store 'mine' is none. It is a int."),
        ("embedder", "auto", print, "No embedder can be called 'auto'."),
        ("embedder", "x", 7, "What is registered as the embedder 'x' is none. It is a int; an embedder has"),
    ],
)
def test_what_is_wrong_is_said_at_once(kind: str, name: str, thing: object, said: str, installed: Any) -> None:
    """Not in the next run: what there is no kind for, what cannot be typed, and what is none of its kind."""
    installed()
    with pytest.raises(OptionError) as caught:
        register(kind, name, thing)
    assert said in str(caught.value)
    assert registry.added(kind) == {}


def test_a_tool_under_another_name_is_refused(installed: Any) -> None:
    """A model calls a tool by its own name, so that it cannot be registered under another."""
    installed()
    with pytest.raises(OptionError, match="is called 'plot', not 'draw'"):
        register("tool", "draw", plugins.own("tool")["plot"])
