"""Who looks at pictures: the model that is asked, or the one that is set for it when the other sees none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aether_nb import Aether, ScriptedModel, register, register_provider
from aether_nb.config import Settings
from aether_nb.events.messages import Image, Message, Text
from aether_nb.models.base import Request
from aether_nb.session.serving import Serving
from harness.loopback import Play, events, loopback, says

PICTURE = Image("image/png", "iVBORw0KGgo=")
SHOWN = Message("user", (Text("What is this?"), PICTURE))
HI = Play([events(says(content="hi", finish="stop"))])


@pytest.fixture
def eyes() -> ScriptedModel:
    """A model that sees, by the name of eyes."""
    model = ScriptedModel(["a red square", "a red square"], name="eyes")
    register("model", "eyes", model)
    return model


async def test_a_client_hands_pictures_to_the_model_that_sees(
    eyes: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blind model answers words itself; a request with a picture goes to the vision model, when one is set."""
    async with loopback(HI, HI) as server:
        register_provider("acme", server.url, vision=False)
        async with Aether("acme:m") as ai:
            assert (await ai.ask("hello")).text == "hi"
            assert (await ai.ask([SHOWN])).text == "hi"
            assert "image_url" not in server.asked[1].body.decode()
            monkeypatch.setenv("AETHER_VISION_MODEL", "eyes")
            assert (await ai.ask([SHOWN])).text == "a red square"
        assert len(server.asked) == 2
    assert eyes.requests[0].messages[-1] == SHOWN


def test_a_notebook_hands_pictures_to_the_model_that_sees(eyes: ScriptedModel, tmp_path: Path) -> None:
    """The same in a notebook; the role falls back to the model of the conversation, with a note that says so."""
    register_provider("acme", "http://127.0.0.1:9/v1", vision=False)
    models = Serving(Settings(model="acme:m"), tmp_path)
    words, pictures = Request((Message.of("user", "hello"),)), Request((SHOWN,))
    assert models.chosen(words).name == models.chosen(pictures).name == "acme:m"
    assert models.role("vision") == (
        "acme:m",
        "No model is set for the role 'vision': the chat model, acme:m, stands in. To set one: AETHER_VISION_MODEL",
    )
    models.use("eyes", "vision")
    assert (models.chosen(words).name, models.chosen(pictures).name) == ("acme:m", "eyes")
    assert models.name == "acme:m"
    models.close(asyncio.run)


def test_a_question_for_one_model_may_be_swapped_in_mid_run(eyes: ScriptedModel, tmp_path: Path) -> None:
    """What a person picks while a run goes on counts from its next step, also when the question named another model."""
    register("model", "first", ScriptedModel(["one"], name="first"))
    models = Serving(Settings(model="first"), tmp_path)
    models.pin("r", "first")
    request = Request((Message.of("user", "hello"),))
    assert models.chosen(request, "r").name == "first"
    models.use("eyes", run="r")
    assert (models.chosen(request, "r").name, models.name) == ("eyes", "eyes")
    models.swap("r", "first")  # in the background only the run itself is meant
    assert (models.chosen(request, "r").name, models.name) == ("first", "eyes")
    models.close(asyncio.run)
