"""The key is seen nowhere: not in errors, not in what led to them, not in the variables of the functions they left."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from aether_nb.errors import ModelUnavailable, ToolUseFailed
from aether_nb.models.catalogue import listing
from aether_nb.models.catalogue.listing import list_models
from aether_nb.models.endpoints.endpoint import Endpoint, refused, reported
from aether_nb.models.endpoints.headers import headers
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.endpoints.secret import Secret
from aether_nb.models.sending.http import HttpModel
from harness.faults import JSON, Raw, answer, hostile
from harness.formats import FORMATS, HELLO, KEY, Spoken, no_reply, sse

DEAD = "http://127.0.0.1:1/v1"
QUOTED = "sk/secret+0123456789="


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that it holds of how it came about."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def seen(error: BaseException) -> str:
    """All that a debugger or a reporter of errors shows of an error: texts, variables, and what is attached."""
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    attached = [f"{each!r} {vars(each)!r} {getattr(each, '_request', None)}" for each in chain(error)]
    return "\n".join([told, *attached])


def echo(status: int, spoken: Spoken, **more: object) -> Raw:
    """An error in which the server repeats the key wherever it can."""
    error = {"type": KEY, "message": f"bad key {KEY}", "code": KEY, "param": KEY, **more}
    return answer([json.dumps({"type": "error", "error": error}).encode()], status, JSON)


FAILURES = {
    "a refusal": lambda spoken: echo(401, spoken),
    "a fault": lambda spoken: echo(500, spoken),
    "an error with status 200": lambda spoken: echo(200, spoken),
    "an error in the stream": lambda spoken: answer(
        [spoken.hi[0], *sse({"type": "error", "error": {"type": KEY, "message": KEY}})]
    ),
    "a broken stream": lambda spoken: answer(spoken.samples["text"][:-3], end="reset"),
    "no stream": lambda spoken: answer([f"<html>{KEY}</html>".encode()]),
    "no JSON": lambda spoken: answer([f"data: {{{KEY}\n\n".encode()]),
    "a redirect": lambda spoken: answer([b""], 302, headers={"location": f"http://evil.invalid/?k={KEY}"}),
}


@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
@pytest.mark.parametrize("failing", FAILURES.values(), ids=FAILURES.keys())
async def test_failures(spoken: Spoken, failing: object) -> None:
    """Whatever a server does, the error neither says nor holds the key, nor the request that held it."""
    async with hostile(failing(spoken)) as server:  # type: ignore[operator]
        error = await failed(spoken.model(server.url))
    assert KEY not in seen(error)
    assert list(chain(error)) == [error]


@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
async def test_a_dead_server(spoken: Spoken) -> None:
    """An error of the HTTP library holds the request with its headers, so it does not come along."""
    error = await failed(spoken.model(DEAD))
    assert (KEY in seen(error), list(chain(error))) == (False, [error])
    assert error.what == "test:m cannot be reached."


async def test_a_key_that_cannot_be_sent() -> None:
    """A key with signs that none has is not shown either."""
    key = f"{KEY}\u00e9"
    error = await failed(HttpModel(Profile("test", "m", DEAD), FORMATS[0].wire(), key))
    assert (KEY in seen(error), error.what) == (False, "test:m was not asked.")


async def failed(model: HttpModel) -> ModelUnavailable:
    """The error that asking ends in."""
    with pytest.raises(ModelUnavailable) as caught:
        await no_reply(model, HELLO)
    await model.aclose()
    return caught.value


def test_words_of_a_server() -> None:
    """Each word of a server that an error carries is searched for the key: code, type, reason, and what was written."""
    endpoint = Endpoint("test:m", DEAD, Secret(KEY))
    body = {"error": {"message": KEY, "code": "tool_use_failed", "failed_generation": f"<{KEY}>"}}
    call = refused(endpoint, 400, json.dumps(body).encode(), {})
    assert isinstance(call, ToolUseFailed)
    assert (call.generation, KEY in seen(call)) == ("<***>", False)
    for error in ({"message": "m", "code": KEY}, {"message": "m", "type": KEY}, KEY, {"error": {"code": KEY}}):
        told = reported(endpoint, error)
        assert KEY not in seen(told) + told.code
    assert reported(endpoint, {"message": "m", "code": KEY}).why == "127.0.0.1:1 reported an error ***: m"


def test_a_key_in_an_address() -> None:
    """A key that stands quoted in an address is hidden as well."""
    told = reported(Endpoint("test:m", DEAD, QUOTED), "see http://x/?key=sk%2Fsecret%2B0123456789%3D and so on")
    assert told.why == "127.0.0.1:1 reported an error: see http://x/?key=*** and so on"


async def test_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a list shows no key, also where a fault of ours breaks it off."""

    def broken(_: object) -> None:
        raise ZeroDivisionError

    async with hostile(answer([KEY.encode()], 401), answer([b"[]"], content_type=JSON)) as server:
        profile = Profile("test", "m", server.url, headers={"x-token": "t0ken"})
        for place in (profile, Profile("test", "m", DEAD)):
            assert KEY not in repr(await list_models(place, KEY, "", folder=tmp_path))
        monkeypatch.setattr(listing, "read_list", broken)
        with pytest.raises(ZeroDivisionError) as caught:
            await list_models(profile, KEY, "", folder=tmp_path)
    ours = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    ours = "\n".join(line for line in ours.splitlines() if "list_models(profile, KEY" not in line)
    assert (KEY in ours.replace("KEY = ", ""), "t0ken" in ours) == (False, False)


def test_what_is_kept() -> None:
    """What a model keeps of its key, and the headers that hold it, look like stars and are sent as they are."""
    model = HttpModel(Profile("test", "m", DEAD, headers={"x-token": "t0ken"}), FORMATS[0].wire(), KEY)
    made = headers(model.profile, KEY)
    assert (made["authorization"], made["x-token"]) == (f"Bearer {KEY}", "t0ken")
    pictures = repr((vars(model), model.profile, model.endpoint, made))
    assert (KEY in pictures, "t0ken" in pictures) == (False, False)
